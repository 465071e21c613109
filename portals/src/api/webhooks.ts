/** Webhooks, and recovery mode after a restore. */
import { answer } from '@muster/client'
import { api } from './http.ts'
import type { WebhookDraft } from './model.ts'
import { matching, one, pages, path } from './reads.ts'

export const webhooks = {
  list: () => one(['webhooks'], (signal) => answer(api.GET('/api/v1/webhooks', { signal }))),
  one: (id: string) =>
    one(['webhooks', id], (signal) => answer(api.GET('/api/v1/webhooks/{id}', { params: path(id), signal }))),
  deliveries: (id: string) =>
    pages(['webhooks', id, 'deliveries'], (query, signal) =>
      answer(api.GET('/api/v1/webhooks/{id}/deliveries', { params: { ...path(id), query }, signal })),
    ),
  create: (body: WebhookDraft) => answer(api.POST('/api/v1/webhooks', { body })),
  save: (id: string, revision: number, body: WebhookDraft) =>
    answer(api.PUT('/api/v1/webhooks/{id}', { params: matching(id, revision), body })),
  remove: (id: string) => answer(api.DELETE('/api/v1/webhooks/{id}', { params: path(id) })),
  test: (id: string) => answer(api.POST('/api/v1/webhooks/{id}/test', { params: path(id) })),
  rotate: (id: string) => answer(api.POST('/api/v1/webhooks/{id}/rotate', { params: path(id) })),
  pause: (id: string) => answer(api.POST('/api/v1/webhooks/{id}/pause', { params: path(id) })),
  /** `now`: what happened meanwhile is left out. */
  resume: (id: string, from: 'here' | 'now') =>
    answer(api.POST('/api/v1/webhooks/{id}/resume', { params: path(id), body: { from } })),
}

export const recovery = {
  state: () => one(['recovery'], (signal) => answer(api.GET('/api/v1/recovery', { signal }))),
  end: () => answer(api.POST('/api/v1/recovery/end')),
}
