/** What the pages read and change, one entry a resource: keys are shared with the live stream, which marks them stale. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { ApiProblem, call } from './http.ts'
import type {
  About, Activity, ActivityCreated, ActivityDevice, ActivityRequest, Catalog, Compliance, Device, DeviceFilters, DeviceSummary, EffectivePolicy, EnrolmentTerms,
  Invitation, InvitationCreated, InvitationRequest, Named, OperationRecord, Page, Policy, PolicyDraft, Session, Summary, User,
} from './model.ts'

const minute = 60_000
const id = encodeURIComponent

/** A keyset list: pages are fetched one after the other with the cursor of the one before. */
function pages<T>(key: readonly unknown[], path: string, query: Record<string, string | undefined> = {}, limit = 50) {
  return infiniteQueryOptions({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => call<Page<T>>(path, { query: { ...query, cursor: pageParam, limit }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  })
}
function one<T>(key: readonly unknown[], path: string, staleTime = 0) {
  return queryOptions({ queryKey: key, queryFn: ({ signal }) => call<T>(path, { signal }), staleTime })
}

export const session = {
  /** null: nobody is signed in. */
  current: () =>
    queryOptions({
      queryKey: ['session'],
      queryFn: ({ signal }): Promise<Session | null> =>
        call<Session>('session', { signal }).catch((error: unknown) => {
          if (error instanceof ApiProblem && error.status === 401) return null
          throw error
        }),
      staleTime: 5 * minute,
    }),
  signIn: (body: { username: string; password: string }) => call<Session>('session', { method: 'POST', body }),
  signOut: () => call<void>('session', { method: 'DELETE' }),
}
export const about = () => one<About>(['about'], 'about', 5 * minute)
export const catalog = () => one<Catalog>(['catalog'], 'catalog', 5 * minute)
export const summary = () => one<Summary>(['summary'], 'metrics-summary')

export const devices = {
  list: (filters: DeviceFilters) => pages<DeviceSummary>(['devices', filters], 'devices', { ...filters }),
  one: (device: string) => one<Device>(['device', device], `devices/${id(device)}`),
  operations: (device: string) => pages<OperationRecord>(['device', device, 'operations'], `devices/${id(device)}/operations`, {}, 25),
  effectivePolicy: (device: string) => one<EffectivePolicy>(['device', device, 'policy'], `devices/${id(device)}/effective-policy`),
  compliance: (device: string) => one<Compliance>(['device', device, 'compliance'], `devices/${id(device)}/compliance`),
  rename: (device: string, name: string, revision: number) => call<Device>(`devices/${id(device)}`, { method: 'PATCH', body: { name }, revision }),
}

export const activities = {
  list: () => pages<Activity>(['activities'], 'activities'),
  one: (activity: string) => one<Activity>(['activity', activity], `activities/${id(activity)}`),
  devices: (activity: string) => pages<ActivityDevice>(['activity', activity, 'devices'], `activities/${id(activity)}/devices`),
  send: (body: ActivityRequest, idempotencyKey: string) => call<ActivityCreated>('activities', { method: 'POST', body, idempotencyKey }),
  cancel: (activity: string) => call<{ cancelled: number; cancelling: number }>(`activities/${id(activity)}/cancel`, { method: 'POST' }),
}

export const invitations = {
  list: () => pages<Invitation>(['invitations'], 'invitations'),
  create: (body: InvitationRequest) => call<InvitationCreated>('invitations', { method: 'POST', body }),
  revoke: (invitation: string) => call<void>(`invitations/${id(invitation)}`, { method: 'DELETE' }),
  terms: (code: string) => queryOptions({ ...one<EnrolmentTerms>(['enrolment', code], `enrolments/${id(code)}`, minute), retry: false }),
}

export const policies = {
  list: () => pages<Policy>(['policies'], 'policies'),
  one: (policy: string) => one<Policy>(['policy', policy], `policies/${id(policy)}`),
  create: (body: PolicyDraft) => call<Policy>('policies', { method: 'POST', body }),
  save: (policy: string, body: PolicyDraft, revision: number) => call<Policy>(`policies/${id(policy)}`, { method: 'PUT', body, revision }),
  publish: (policy: string) => call<{ id: string; version: number; devices: number }>(`policies/${id(policy)}/publish`, { method: 'POST' }),
  switch: (policy: string, on: boolean) => call<void>(`policies/${id(policy)}/${on ? 'activate' : 'deactivate'}`, { method: 'POST' }),
}

export const users = {
  find: (q: string) => queryOptions({ queryKey: ['users', q], queryFn: ({ signal }) => call<Page<User>>('users', { query: { q, limit: 20 }, signal }), staleTime: minute, placeholderData: keepPreviousData }),
}
export const groups = { list: () => one<Page<Named>>(['groups'], 'groups?limit=200', minute) }
