/** Users and their roles. */
import { Problem } from '@muster/contract'
import type { Core } from '@muster/core'
import { z } from 'zod'
import { type Api, IfMatch, principalOf, revisionOf } from './route.ts'
import { IdParams, id, page, pageQuery, text, time } from './shapes.ts'

const tags = ['Users']
const RoleAssignment = z
  .strictObject({
    role: id().describe('Role id'),
    group: id().optional().describe('Only for the devices of this group'),
  })
  .meta({ id: 'RoleAssignment' })
const assignments = z.array(RoleAssignment).max(200)
const User = z
  .object({
    id: z.string(),
    name: z.string(),
    displayName: z.string(),
    email: z.string().nullable(),
    store: z.string(),
    disabled: z.boolean(),
    roles: z.array(z.object({ id: z.string(), name: z.string(), group: z.string().optional() })),
    revision: z.int(),
    createdAt: time(),
    lastSignIn: time().nullable(),
  })
  .meta({ id: 'User' })
const NewUser = z
  .strictObject({
    name: z.string().min(1).max(128),
    displayName: text(200).optional(),
    email: z.string().max(254).nullable().optional(),
    password: z.string().max(1024).optional().describe('Without one the user cannot sign in by password'),
    roles: assignments.optional(),
  })
  .meta({ id: 'NewUser' })
const UserChange = z
  .strictObject({
    displayName: text(200).optional(),
    email: z.string().max(254).nullable().optional(),
    disabled: z.boolean().optional(),
  })
  .meta({ id: 'UserChange' })
const given = ['forbidden', 'not-found', 'last-administrator'] as const

export function userRoutes(app: Api, core: Core): void {
  const { users } = core.access
  app.get(
    '/users',
    {
      config: { access: { permission: 'user:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List users',
        operationId: 'listUsers',
        querystring: z.strictObject({ ...pageQuery, q: text(200).optional().describe('Part of name or e-mail') }),
        response: { 200: page('UserPage', User) },
      },
    },
    (request) => users.list(request.query),
  )
  app.post(
    '/users',
    {
      config: { access: { permission: 'user:write' }, problems: ['already-exists', 'forbidden'] },
      schema: { tags, summary: 'Make a user', operationId: 'createUser', body: NewUser, response: { 201: User } },
    },
    async (request, reply) => reply.code(201).send(await users.create(request.body, principalOf(request))),
  )
  app.get(
    '/users/:id',
    {
      config: { access: { permission: 'user:read' }, problems: ['not-found'] },
      schema: { tags, summary: 'Read a user', operationId: 'getUser', params: IdParams, response: { 200: User } },
    },
    (request) => users.get(request.params.id),
  )
  app.patch(
    '/users/:id',
    {
      config: { access: { permission: 'user:write' }, problems: [...given, 'revision-mismatch'] },
      schema: {
        tags,
        summary: 'Change a user, or disable one',
        operationId: 'changeUser',
        description:
          'Disabling ends all sessions and tokens at once. API clients that the user made go on: look for their owner in the list of clients and revoke what is no longer needed.',
        params: IdParams,
        headers: IfMatch,
        body: UserChange,
        response: { 200: User },
      },
    },
    (request) => users.update(request.params.id, revisionOf(request), request.body, principalOf(request)),
  )
  app.delete(
    '/users/:id',
    {
      config: { access: { permission: 'user:write' }, problems: given },
      schema: {
        tags,
        summary: 'Remove a user',
        operationId: 'removeUser',
        params: IdParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await users.remove(request.params.id, principalOf(request))
      return reply.code(204).send()
    },
  )
  app.put(
    '/users/:id/password',
    {
      config: { access: { permission: 'user:write' }, problems: given },
      schema: {
        tags,
        summary: 'Set a password',
        operationId: 'setPassword',
        description: 'Ends all sessions and tokens of the user.',
        params: IdParams,
        body: z.strictObject({ password: z.string().min(1).max(1024) }).meta({ id: 'NewPassword' }),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await users.setPassword(request.params.id, request.body.password, principalOf(request))
      return reply.code(204).send()
    },
  )
  app.put(
    '/users/:id/roles',
    {
      config: { access: { permission: 'user:write' }, problems: given },
      schema: {
        tags,
        summary: "Replace a user's roles",
        operationId: 'setUserRoles',
        description: 'Nobody gives a permission they do not hold.',
        params: IdParams,
        body: z.strictObject({ roles: assignments }).meta({ id: 'UserRoles' }),
        response: { 200: User },
      },
    },
    (request) => users.assign(request.params.id, request.body.roles, principalOf(request)),
  )
}

/** The user a request names by id or, when it is no number, by name. */
export async function userNo(core: Core, idOrName: string): Promise<number> {
  const user = /^\d+$/.test(idOrName)
    ? await core.access.users.get(idOrName).catch(() => undefined)
    : await core.access.users.byName(idOrName)
  if (!user) throw new Problem('invalid-request', { errors: [{ path: 'user', message: 'no such user' }] })
  return Number(user.id)
}
