/** Roles, and the permissions they are made of. */
import { type Language, operationPermission, textIn, type Words } from '@muster/contract'
import { type Core, corePermissions } from '@muster/core'
import { z } from 'zod'
import { type Api, IfMatch, principalOf, revisionOf } from './route.ts'
import { IdParams, text } from './shapes.ts'
import { readerOf } from './spoken.ts'

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
    async (request) => ({ items: permissionList(core, readerOf(request)) }),
  )
}

/** Permissions of the routes and one for each operation of the installed platforms, with words for people. */
export function permissionList(
  core: Pick<Core, 'registry'>,
  language: Language = 'en',
): { id: string; title: string }[] {
  const routes = corePermissions.map((id) => ({ id, title: sentence(id, language) }))
  const operations = [...core.registry.operations.values()].map((d) => ({
    id: operationPermission(d.id),
    title: `${{ en: 'Send', de: 'Senden' }[language]}: ${textIn(d.title, language)}`,
  }))
  return [...routes, ...operations].sort((a, b) => (a.id < b.id ? -1 : 1))
}

const nouns: Record<string, Words> = {
  activity: { en: 'activities and operations', de: 'Aufträge und Vorgänge' },
  approval: { en: 'what waits for a second administrator', de: 'was auf einen zweiten Administrator wartet' },
  audit: { en: 'the audit log', de: 'das Prüfprotokoll' },
  certificate: { en: 'certificates', de: 'Zertifikate' },
  client: { en: 'API clients', de: 'API-Clients' },
  configuration: { en: 'the configuration', de: 'die Konfiguration' },
  device: { en: 'devices', de: 'Geräte' },
  escrow: { en: 'keys that devices entrusted to the server', de: 'Schlüssel, die Geräte dem Server anvertraut haben' },
  event: { en: 'the event stream', de: 'den Ereignisstrom' },
  group: { en: 'groups', de: 'Gruppen' },
  invitation: { en: 'invitations', de: 'Einladungen' },
  licence: { en: 'licence texts', de: 'Lizenztexte' },
  message: { en: 'messages exchanged with devices', de: 'Nachrichten von und zu Geräten' },
  platform: { en: 'platforms and the catalogue', de: 'Plattformen und den Katalog' },
  policy: { en: 'policies', de: 'Richtlinien' },
  recovery: { en: 'recovery mode after a restore', de: 'den Wiederherstellungsmodus' },
  query: { en: 'saved queries', de: 'gespeicherte Abfragen' },
  role: { en: 'roles', de: 'Rollen' },
  user: { en: 'users', de: 'Benutzer' },
  webhook: { en: 'webhooks', de: 'Webhooks' },
}
/** Where the verb is said of what. */
const verbs: Record<string, (of: Words) => Words> = {
  read: (of) => ({ en: `Read ${of.en}`, de: `${capital(of.de)} lesen` }),
  write: (of) => ({ en: `Change ${of.en}`, de: `${capital(of.de)} ändern` }),
  remove: (of) => ({ en: `Disenrol ${of.en}`, de: `Registrierung aufheben: ${of.de}` }),
  enrol: (of) => ({ en: `Enrol one’s own ${of.en}`, de: `Eigene ${of.de} registrieren` }),
  reveal: (of) => ({ en: `Read ${of.en}`, de: `${capital(of.de)} lesen` }),
  publish: (of) => ({
    en: `Publish, order and switch ${of.en}`,
    de: `${capital(of.de)} veröffentlichen, ordnen und schalten`,
  }),
}
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
function sentence(permission: string, language: Language): string {
  const [noun = '', verb = ''] = permission.split(':')
  const of = nouns[noun] ?? { en: noun, de: noun }
  return (verbs[verb]?.(of) ?? { en: `${verb} ${of.en}`, de: `${of.de}: ${verb}` })[language]
}
