/** What waits for a second administrator, and the word on it. */
import { answer, type paths } from '@muster/client'
import { api } from './http.ts'
import { pages } from './reads.ts'

type ApprovalQuery = NonNullable<paths['/api/v1/approvals']['get']['parameters']['query']>

export const approvals = {
  list: (filters: Omit<ApprovalQuery, 'cursor' | 'limit'>) =>
    pages(['approvals', filters], (query, signal) =>
      answer(api.GET('/api/v1/approvals', { params: { query: { ...filters, ...query } }, signal })),
    ),
  decide: (activity: string, body: { approve: boolean; note: string }) =>
    answer(api.POST('/api/v1/approvals/{activity}/decide', { params: { path: { activity } }, body })),
}
