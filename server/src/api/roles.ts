/** Roles, and the permissions they are made of. */
import { operationPermission } from '@muster/contract'
import { type Core, corePermissions } from '@muster/core'
import { z } from 'zod'
import { type Api, IfMatch, principalOf, revisionOf } from './route.ts'
import { IdParams, text } from './shapes.ts'

const tags = ['Roles']
const RoleInput = z
  .strictObject({
    name: z.string().min(1).max(64),
    title: text(200).optional(),
    permissions: z.array(z.string().max(128)).max(500).describe('`noun:verb`, `noun:*` or `*`'),
    own: z.boolean().optional().describe('Holds only for the devices its user owns'),
  })
  .meta({ id: 'RoleDraft' })
const Role = z
  .object({
    id: z.string(),
    name: z.string(),
    title: z.string(),
    permissions: z.array(z.string()),
    builtin: z.boolean(),
    own: z.boolean(),
    revision: z.int(),
    users: z.int(),
  })
  .meta({ id: 'Role' })

export function roleRoutes(app: Api, core: Core): void {
  const { roles } = core.access
  app.get(
    '/roles',
    {
      config: { access: { permission: 'role:read' } },
      schema: {
        tags,
        summary: 'List roles',
        operationId: 'listRoles',
        response: { 200: z.object({ items: z.array(Role) }).meta({ id: 'RoleList' }) },
      },
    },
    async () => ({
      items: await roles.list(),
    }),
  )
  app.post(
    '/roles',
    {
      config: { access: { permission: 'role:write' }, problems: ['already-exists', 'forbidden'] },
      schema: { tags, summary: 'Make a role', operationId: 'createRole', body: RoleInput, response: { 201: Role } },
    },
    async (request, reply) => reply.code(201).send(await roles.create(request.body, principalOf(request))),
  )
  app.get(
    '/roles/:id',
    {
      config: { access: { permission: 'role:read' }, problems: ['not-found'] },
      schema: { tags, summary: 'Read a role', operationId: 'getRole', params: IdParams, response: { 200: Role } },
    },
    (request) => roles.get(request.params.id),
  )
  app.put(
    '/roles/:id',
    {
      config: {
        access: { permission: 'role:write' },
        problems: ['not-found', 'revision-mismatch', 'already-exists', 'forbidden', 'wrong-state'],
      },
      schema: {
        tags,
        summary: 'Change a role',
        operationId: 'saveRole',
        params: IdParams,
        headers: IfMatch,
        body: RoleInput,
        response: { 200: Role },
      },
    },
    (request) => roles.update(request.params.id, revisionOf(request), request.body, principalOf(request)),
  )
  app.delete(
    '/roles/:id',
    {
      config: { access: { permission: 'role:write' }, problems: ['not-found', 'in-use', 'wrong-state', 'forbidden'] },
      schema: {
        tags,
        summary: 'Remove a role nobody has',
        operationId: 'removeRole',
        params: IdParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await roles.remove(request.params.id, principalOf(request))
      return reply.code(204).send()
    },
  )
  app.get(
    '/permissions',
    {
      config: { access: { permission: 'role:read' } },
      schema: {
        tags,
        summary: 'List all permissions there are',
        operationId: 'listPermissions',
        response: {
          200: z
            .object({ items: z.array(z.object({ id: z.string(), title: z.string() }).meta({ id: 'Permission' })) })
            .meta({ id: 'PermissionList' }),
        },
      },
    },
    async () => ({ items: permissionList(core) }),
  )
}

/** Permissions of the routes and one for each operation of the installed platforms, with words for people. */
export function permissionList(core: Pick<Core, 'registry'>): { id: string; title: string }[] {
  const routes = corePermissions.map((id) => ({ id, title: sentence(id) }))
  const operations = [...core.registry.operations.values()].map((d) => ({
    id: operationPermission(d.id),
    title: `Send: ${d.title}`,
  }))
  return [...routes, ...operations].sort((a, b) => (a.id < b.id ? -1 : 1))
}

const nouns: Record<string, string> = {
  activity: 'activities and operations',
  approval: 'what waits for a second administrator',
  audit: 'the audit log',
  certificate: 'certificates',
  client: 'API clients',
  configuration: 'the configuration',
  device: 'devices',
  escrow: 'keys that devices entrusted to the server',
  event: 'the event stream',
  group: 'groups',
  invitation: 'invitations',
  licence: 'licence texts',
  message: 'messages exchanged with devices',
  platform: 'platforms and the catalogue',
  policy: 'policies',
  recovery: 'recovery mode after a restore',
  role: 'roles',
  user: 'users',
  webhook: 'webhooks',
}
const verbs: Record<string, string> = {
  read: 'Read',
  write: 'Change',
  remove: 'Disenrol',
  enrol: 'Enrol one’s own',
  reveal: 'Read',
  publish: 'Publish, order and switch',
}
function sentence(permission: string): string {
  const [noun = '', verb = ''] = permission.split(':')
  return `${verbs[verb] ?? verb} ${nouns[noun] ?? noun}`
}
