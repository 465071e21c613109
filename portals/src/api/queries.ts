/** What the pages read and change, one entry a resource: keys are shared with the live stream, which marks them stale. */
import { ApiProblem, answer } from '@muster/client'
import { keepPreviousData } from '@tanstack/react-query'
import { api } from './http.ts'
import type {
  ActivityRequest,
  DeviceFilters,
  DeviceSummary,
  InvitationRequest,
  InvitationState,
  JsonObject,
  OperationState,
  Session,
  Target,
} from './model.ts'
import { matching, minute, one, pages, path } from './reads.ts'

/** Milliseconds between looks at times of contact: a check-in shows within 5 s. */
export const checkInMs = 4000
const devicesPerPage = 50

export const session = {
  /** null: nobody is signed in. */
  current: () =>
    one<Session | null>(
      ['session'],
      (signal) =>
        answer(api.GET('/api/v1/session', { signal })).catch((error: unknown) => {
          if (error instanceof ApiProblem && error.status === 401) return null
          throw error
        }),
      5 * minute,
    ),
  signIn: (body: { username: string; password: string }) => answer(api.POST('/api/v1/session', { body })),
  signOut: () => answer(api.DELETE('/api/v1/session')),
}
export const about = () => one(['about'], (signal) => answer(api.GET('/api/v1/about', { signal })), 5 * minute)
export const catalog = () => one(['catalog'], (signal) => answer(api.GET('/api/v1/catalog', { signal })), 5 * minute)
export const summary = () => one(['summary'], (signal) => answer(api.GET('/api/v1/metrics-summary', { signal })))

interface DeviceRevision {
  id: string
  revision: number
}
export const devices = {
  /** One page of the list, newest first; `cursor`: the `next` of the page before. */
  page: (filters: DeviceFilters, cursor: string | undefined) => ({
    ...one(['devices', filters, cursor ?? ''], (signal) =>
      answer(
        api.GET('/api/v1/devices', {
          params: { query: { ...filters, limit: devicesPerPage, ...(cursor === undefined ? {} : { cursor }) } },
          signal,
        }),
      ),
    ),
    placeholderData: keepPreviousData,
  }),
  /** How one device stands in the list: little enough to be read every few seconds, unlike all its facts. */
  standing: (id: string) =>
    one(['device', id, 'standing'], async (signal) => {
      const { items } = await answer(api.GET('/api/v1/devices', { params: { query: { ids: id, limit: 1 } }, signal }))
      return items[0] ?? null
    }),
  one: (id: string) =>
    one(['device', id], (signal) => answer(api.GET('/api/v1/devices/{id}', { params: path(id), signal }))),
  operations: (id: string) =>
    pages(
      ['device', id, 'operations'],
      (query, signal) => answer(api.GET('/api/v1/devices/{id}/operations', { params: { ...path(id), query }, signal })),
      25,
    ),
  effectivePolicy: (id: string) =>
    one(['device', id, 'policy'], (signal) =>
      answer(api.GET('/api/v1/devices/{id}/effective-policy', { params: path(id), signal })),
    ),
  find: (q: string) => ({
    ...one(['devices', 'find', q], (signal) =>
      answer(api.GET('/api/v1/devices', { params: { query: { limit: 20, ...(q === '' ? {} : { q }) } }, signal })),
    ),
    placeholderData: keepPreviousData,
  }),
  rename: (device: DeviceRevision, name: string) =>
    answer(api.PATCH('/api/v1/devices/{id}', { params: matching(device.id, device.revision), body: { name } })),
  own: (device: DeviceRevision, body: { owner: string | null; ownership: DeviceSummary['ownership'] }) =>
    answer(api.PATCH('/api/v1/devices/{id}', { params: matching(device.id, device.revision), body })),
  block: (id: string, blocked: boolean) =>
    answer(api.POST('/api/v1/devices/{id}/block', { params: path(id), body: { blocked } })),
  escrow: (id: string) =>
    one(['device', id, 'escrow'], (signal) =>
      answer(api.GET('/api/v1/devices/{id}/escrow', { params: path(id), signal })),
    ),
  /** Each call is written into the audit log, with the reason. */
  reveal: (id: string, name: string, reason: string) =>
    answer(api.POST('/api/v1/devices/{id}/escrow/{name}/reveal', { params: { path: { id, name } }, body: { reason } })),
  disenrol: (id: string) => answer(api.DELETE('/api/v1/devices/{id}', { params: path(id) })),
  events: (id: string) =>
    pages(['device', id, 'events'], (query, signal) =>
      answer(api.GET('/api/v1/devices/{id}/events', { params: { ...path(id), query }, signal })),
    ),
  /** With `content`, each page that is read is written into the audit log: it is not read anew by itself. */
  messages: (id: string, content: boolean) => ({
    ...pages(
      [content ? 'contents' : 'device', id, 'messages'],
      (query, signal) =>
        answer(
          api.GET('/api/v1/devices/{id}/messages', {
            params: { ...path(id), query: { ...query, content: content ? ('true' as const) : ('false' as const) } },
            signal,
          }),
        ),
      20,
    ),
    // The list without contents does not stand in for the contents: it would say that there are none.
    ...(content
      ? {
          staleTime: Number.POSITIVE_INFINITY,
          refetchOnWindowFocus: false,
          gcTime: 0,
          placeholderData: () => undefined,
        }
      : {}),
  }),
  compliance: (id: string) =>
    one(['device', id, 'compliance'], (signal) =>
      answer(api.GET('/api/v1/devices/{id}/compliance', { params: path(id), signal })),
    ),
}

export interface ActivityFilters {
  operation?: string
  /** `user:ada` */
  actor?: string
}
export const activities = {
  list: (filters: ActivityFilters = {}) =>
    pages(['activities', filters], (query, signal) =>
      answer(api.GET('/api/v1/activities', { params: { query: { ...filters, ...query } }, signal })),
    ),
  one: (id: string) =>
    one(['activity', id], (signal) => answer(api.GET('/api/v1/activities/{id}', { params: path(id), signal }))),
  devices: (id: string, state?: OperationState) =>
    pages(['activity', id, 'devices', state ?? ''], (query, signal) =>
      answer(
        api.GET('/api/v1/activities/{id}/devices', {
          params: { ...path(id), query: { ...query, ...(state === undefined ? {} : { state }) } },
          signal,
        }),
      ),
    ),
  preview: (body: { operation: string; params: JsonObject; target: Target }) =>
    answer(api.POST('/api/v1/activities/preview', { body })),
  send: (body: ActivityRequest, key: string) =>
    answer(api.POST('/api/v1/activities', { params: { header: { 'idempotency-key': key } }, body })),
  cancel: (id: string) => answer(api.POST('/api/v1/activities/{id}/cancel', { params: path(id) })),
}

export const invitations = {
  list: (state?: InvitationState) =>
    pages(['invitations', state ?? ''], (query, signal) =>
      answer(
        api.GET('/api/v1/invitations', {
          params: { query: { ...query, ...(state === undefined ? {} : { state }) } },
          signal,
        }),
      ),
    ),
  create: (body: InvitationRequest) => answer(api.POST('/api/v1/invitations', { body })),
  revoke: (id: string) => answer(api.DELETE('/api/v1/invitations/{id}', { params: path(id) })),
  terms: (code: string) => ({
    ...one(
      ['enrolment', code],
      (signal) => answer(api.GET('/api/v1/enrolments/{code}', { params: { path: { code } }, signal })),
      minute,
    ),
    retry: false,
  }),
}
