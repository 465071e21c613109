/** Alerts over all devices within reach. */
import { answer, type paths } from '@muster/client'
import { api } from './http.ts'
import { pages, path } from './reads.ts'

type AlertQuery = NonNullable<paths['/api/v1/alerts']['get']['parameters']['query']>
export type AlertFilters = Omit<AlertQuery, 'cursor' | 'limit'>

export const alerts = {
  list: (filters: AlertFilters) =>
    pages(['alerts', filters], (query, signal) =>
      answer(api.GET('/api/v1/alerts', { params: { query: { ...filters, ...query } }, signal })),
    ),
  acknowledge: (id: string) => answer(api.POST('/api/v1/alerts/{id}/acknowledge', { params: path(id) })),
}
