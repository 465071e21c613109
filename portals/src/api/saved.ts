/** Saved queries of the device list: one's own and the shared ones. */
import { answer } from '@muster/client'
import { api } from './http.ts'
import type { SavedQuery, SavedQueryDraft } from './model.ts'
import { matching, minute, one, path } from './reads.ts'

export const queries = {
  /** All of them: a menu. */
  all: () =>
    one<SavedQuery[]>(
      ['queries'],
      async (signal) => {
        const found: SavedQuery[] = []
        for (let cursor: string | undefined; ; ) {
          const query = { limit: 200, ...(cursor === undefined ? {} : { cursor }) }
          const page = await answer(api.GET('/api/v1/queries', { params: { query }, signal }))
          found.push(...page.items)
          cursor = page.next
          if (cursor === undefined) return found
        }
      },
      minute,
    ),
  create: (body: SavedQueryDraft) => answer(api.POST('/api/v1/queries', { body })),
  save: (query: SavedQuery, body: SavedQueryDraft) =>
    answer(api.PUT('/api/v1/queries/{id}', { params: matching(query.id, query.revision), body })),
  remove: (id: string) => answer(api.DELETE('/api/v1/queries/{id}', { params: path(id) })),
}
