/** Users, roles and API clients. */
import { answer } from '@muster/client'
import { keepPreviousData } from '@tanstack/react-query'
import { api } from './http.ts'
import type { NewApiClient, NewUser, RoleAssignment, RoleDraft, UserChange } from './model.ts'
import { matching, minute, one, pages, path } from './reads.ts'

export const users = {
  find: (q: string) => ({
    ...one(
      ['users', 'find', q],
      (signal) =>
        answer(api.GET('/api/v1/users', { params: { query: { limit: 20, ...(q === '' ? {} : { q }) } }, signal })),
      minute,
    ),
    placeholderData: keepPreviousData,
  }),
  /** At once, whatever is remembered. */
  lookUp: (q: string) => answer(api.GET('/api/v1/users', { params: { query: { limit: 20, q } } })),
  /** The first two hundred: for menus. */
  all: () =>
    one(
      ['users', 'all'],
      (signal) => answer(api.GET('/api/v1/users', { params: { query: { limit: 200 } }, signal })),
      minute,
    ),
  list: (q: string) =>
    pages(['users', q], (query, signal) =>
      answer(api.GET('/api/v1/users', { params: { query: { ...query, ...(q === '' ? {} : { q }) } }, signal })),
    ),
  one: (id: string) =>
    one(['users', 'one', id], (signal) => answer(api.GET('/api/v1/users/{id}', { params: path(id), signal }))),
  create: (body: NewUser) => answer(api.POST('/api/v1/users', { body })),
  change: (id: string, revision: number, body: UserChange) =>
    answer(api.PATCH('/api/v1/users/{id}', { params: matching(id, revision), body })),
  remove: (id: string) => answer(api.DELETE('/api/v1/users/{id}', { params: path(id) })),
  setPassword: (id: string, password: string) =>
    answer(api.PUT('/api/v1/users/{id}/password', { params: path(id), body: { password } })),
  setRoles: (id: string, roles: RoleAssignment[]) =>
    answer(api.PUT('/api/v1/users/{id}/roles', { params: path(id), body: { roles } })),
}

export const roles = {
  list: () => one(['roles'], (signal) => answer(api.GET('/api/v1/roles', { signal }))),
  one: (id: string) =>
    one(['roles', id], (signal) => answer(api.GET('/api/v1/roles/{id}', { params: path(id), signal }))),
  permissions: () => one(['permissions'], (signal) => answer(api.GET('/api/v1/permissions', { signal })), 5 * minute),
  create: (body: RoleDraft) => answer(api.POST('/api/v1/roles', { body })),
  save: (id: string, revision: number, body: RoleDraft) =>
    answer(api.PUT('/api/v1/roles/{id}', { params: matching(id, revision), body })),
  remove: (id: string) => answer(api.DELETE('/api/v1/roles/{id}', { params: path(id) })),
}

export const clients = {
  list: () => pages(['clients'], (query, signal) => answer(api.GET('/api/v1/clients', { params: { query }, signal }))),
  create: (body: NewApiClient) => answer(api.POST('/api/v1/clients', { body })),
  /** `grace`: seconds that the old secret stays good. */
  rotate: (id: string, grace: number) =>
    answer(api.POST('/api/v1/clients/{id}/rotate', { params: { ...path(id), query: { grace } } })),
  revoke: (id: string) => answer(api.DELETE('/api/v1/clients/{id}', { params: path(id) })),
}
