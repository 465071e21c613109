/** Policies and groups: what they are, and what administrators do with them. */
import { answer } from '@muster/client'
import { api } from './http.ts'
import type { DeviceQuery, GroupDraft, NewPolicy, PolicyDraft } from './model.ts'
import { matching, minute, one, pages, path } from './reads.ts'

export const policies = {
  list: () =>
    pages(['policies'], (query, signal) => answer(api.GET('/api/v1/policies', { params: { query }, signal })), 200),
  one: (id: string) =>
    one(['policy', id], (signal) => answer(api.GET('/api/v1/policies/{id}', { params: path(id), signal }))),
  versions: (id: string) =>
    one(['policy', id, 'versions'], (signal) =>
      answer(api.GET('/api/v1/policies/{id}/versions', { params: path(id), signal })),
    ),
  create: (body: NewPolicy) => answer(api.POST('/api/v1/policies', { body })),
  /** `revision` is the one that was read: the server refuses when somebody saved meanwhile. */
  save: (id: string, body: PolicyDraft, revision: number) =>
    answer(api.PUT('/api/v1/policies/{id}', { params: matching(id, revision), body })),
  remove: (id: string) => answer(api.DELETE('/api/v1/policies/{id}', { params: path(id) })),
  /** `revision`: of the draft as it was seen; no other is published. */
  publish: (id: string, revision: number) =>
    answer(api.POST('/api/v1/policies/{id}/publish', { params: matching(id, revision) })),
  activate: (id: string) => answer(api.POST('/api/v1/policies/{id}/activate', { params: path(id) })),
  deactivate: (id: string) => answer(api.POST('/api/v1/policies/{id}/deactivate', { params: path(id) })),
  rollback: (id: string, version: number) =>
    answer(api.POST('/api/v1/policies/{id}/rollback', { params: path(id), body: { version } })),
  /** What publishing the saved draft would do; `revision` is the draft's, so that a newer one is asked about anew. */
  preview: (id: string, revision: number) => ({
    ...one(['policy', id, 'preview', revision], (signal) =>
      answer(api.POST('/api/v1/policies/{id}/preview', { params: path(id), body: { act: 'publish' }, signal })),
    ),
    retry: false,
  }),
  previewDevices: (id: string, revision: number, pick: string) =>
    pages(['policy', id, 'preview', revision, pick], (query, signal) =>
      answer(
        api.POST('/api/v1/policies/{id}/preview/devices', {
          params: { ...path(id), query },
          body: { act: 'publish', pick },
          signal,
        }),
      ),
    ),
  whatIf: (id: string, revision: number, device: string) => ({
    ...one(['policy', id, 'what-if', revision, device], (signal) =>
      answer(
        api.POST('/api/v1/policies/{id}/preview/devices/{device}', {
          params: { path: { id, device } },
          body: { act: 'publish' },
          signal,
        }),
      ),
    ),
    retry: false,
  }),
  /** The first of `ids` wins. */
  order: (platform: string, ids: string[]) => answer(api.PUT('/api/v1/policies/order', { body: { platform, ids } })),
}

export const groups = {
  /** The first two hundred: for menus. */
  all: () =>
    one(
      ['groups', 'all'],
      (signal) => answer(api.GET('/api/v1/groups', { params: { query: { limit: 200 } }, signal })),
      minute,
    ),
  list: () => pages(['groups'], (query, signal) => answer(api.GET('/api/v1/groups', { params: { query }, signal }))),
  one: (id: string) =>
    one(['groups', id], (signal) => answer(api.GET('/api/v1/groups/{id}', { params: path(id), signal }))),
  devices: (id: string) =>
    pages(['groups', id, 'devices'], (query, signal) =>
      answer(api.GET('/api/v1/groups/{id}/devices', { params: { ...path(id), query }, signal })),
    ),
  create: (body: GroupDraft) => answer(api.POST('/api/v1/groups', { body })),
  save: (id: string, body: GroupDraft, revision: number) =>
    answer(api.PUT('/api/v1/groups/{id}', { params: matching(id, revision), body })),
  remove: (id: string) => answer(api.DELETE('/api/v1/groups/{id}', { params: path(id) })),
  change: (id: string, body: { add: string[]; remove: string[] }) =>
    answer(api.POST('/api/v1/groups/{id}/devices', { params: path(id), body })),
  preview: (query: DeviceQuery) => ({
    ...one(['devices', 'preview', query], (signal) =>
      answer(api.POST('/api/v1/groups/preview', { body: { query }, signal })),
    ),
    retry: false,
  }),
}
