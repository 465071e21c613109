/** What the pages read and change, one entry a resource: keys are shared with the live stream, which marks them stale. */
import { ApiProblem, answer } from '@muster/client'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './http.ts'
import type {
  ActivityRequest,
  DeviceFilters,
  InvitationRequest,
  NewPolicy,
  Page,
  PolicyDraft,
  Session,
} from './model.ts'

const minute = 60_000
/** Milliseconds between looks at times of contact: a check-in shows within 5 s. */
export const checkInMs = 4000
const path = (id: string) => ({ path: { id } })

/** A keyset list: pages are fetched one after the other with the cursor of the one before. */
function pages<T>(
  key: readonly unknown[],
  fetchPage: (query: { cursor?: string; limit: number }, signal: AbortSignal) => Promise<Page<T>>,
  limit = 50,
) {
  return infiniteQueryOptions({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      fetchPage({ limit, ...(pageParam === undefined ? {} : { cursor: pageParam }) }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  })
}
function one<T>(queryKey: readonly unknown[], read: (signal: AbortSignal) => Promise<T>, staleTime = 0) {
  return queryOptions({ queryKey, queryFn: ({ signal }) => read(signal), staleTime })
}

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

export const devices = {
  list: (filters: DeviceFilters) =>
    pages(['devices', filters], (query, signal) =>
      answer(api.GET('/api/v1/devices', { params: { query: { ...filters, ...query } }, signal })),
    ),
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
  compliance: (id: string) =>
    one(['device', id, 'compliance'], (signal) =>
      answer(api.GET('/api/v1/devices/{id}/compliance', { params: path(id), signal })),
    ),
}

export const activities = {
  list: () =>
    pages(['activities'], (query, signal) => answer(api.GET('/api/v1/activities', { params: { query }, signal }))),
  one: (id: string) =>
    one(['activity', id], (signal) => answer(api.GET('/api/v1/activities/{id}', { params: path(id), signal }))),
  devices: (id: string) =>
    pages(['activity', id, 'devices'], (query, signal) =>
      answer(api.GET('/api/v1/activities/{id}/devices', { params: { ...path(id), query }, signal })),
    ),
  send: (body: ActivityRequest, key: string) =>
    answer(api.POST('/api/v1/activities', { params: { header: { 'idempotency-key': key } }, body })),
  cancel: (id: string) => answer(api.POST('/api/v1/activities/{id}/cancel', { params: path(id) })),
}

export const invitations = {
  list: () =>
    pages(['invitations'], (query, signal) => answer(api.GET('/api/v1/invitations', { params: { query }, signal }))),
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

export const policies = {
  list: () =>
    pages(['policies'], (query, signal) => answer(api.GET('/api/v1/policies', { params: { query }, signal }))),
  one: (id: string) =>
    one(['policy', id], (signal) => answer(api.GET('/api/v1/policies/{id}', { params: path(id), signal }))),
  create: (body: NewPolicy) => answer(api.POST('/api/v1/policies', { body })),
  /** `revision` is the one that was read: the server refuses when somebody saved meanwhile. */
  save: (id: string, body: PolicyDraft, revision: number) =>
    answer(
      api.PUT('/api/v1/policies/{id}', { params: { ...path(id), header: { 'if-match': `"${revision}"` } }, body }),
    ),
  publish: (id: string) => answer(api.POST('/api/v1/policies/{id}/publish', { params: path(id) })),
  activate: (id: string) => answer(api.POST('/api/v1/policies/{id}/activate', { params: path(id) })),
  deactivate: (id: string) => answer(api.POST('/api/v1/policies/{id}/deactivate', { params: path(id) })),
}

export const users = {
  find: (q: string) => ({
    ...one(
      ['users', q],
      (signal) =>
        answer(api.GET('/api/v1/users', { params: { query: { limit: 20, ...(q === '' ? {} : { q }) } }, signal })),
      minute,
    ),
    placeholderData: keepPreviousData,
  }),
}
export const groups = {
  list: () =>
    one(
      ['groups'],
      (signal) => answer(api.GET('/api/v1/groups', { params: { query: { limit: 200 } }, signal })),
      minute,
    ),
}
