/** OAuth clients: of administrators, developers and the bootstrap (scopes), and of devices (a channel, made by enrolment). */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { type JsonObject, Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import { z } from 'zod'
import { checkInput, gather, type Page, pageOf, plainText, readCursor, type Tx } from '../db/index.ts'
import type { AccessDeps, Changed } from './deps.ts'
import { demandAll, type Principal, system } from './permissions.ts'
import { permissionPattern, taken } from './roles.ts'
import { sha256 } from './sessions.ts'

export interface ApiClient {
  id: string
  name: string
  scopes: string[]
  /** Public clients have no secret and use PKCE or the device code. */
  public: boolean
  grants: string[]
  redirectUris: string[]
  createdAt: string
  /** The user who made it, also through another client; null: nobody who is still there. */
  owner: { id: string; name: string } | null
  rotatedAt: string
  revoked: boolean
}
/** What the key manager needs of a client. */
export interface ClientRecord {
  id: string
  name: string
  secretHash: Buffer | null
  metadata: JsonObject
  scopes: string[]
  channel: number | null
  created: Date
}
export const clientGrants = [
  'client_credentials',
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
] as const
export interface ClientInput {
  name: string
  scopes: string[]
  grants?: (typeof clientGrants)[number][]
  redirectUris?: string[]
  /** No secret: a program on a person's machine. */
  public?: boolean
}
export interface Clients {
  /** The secret is shown here and never again. */
  create(input: ClientInput, by: Principal): Promise<{ client: ApiClient; secret?: string }>
  list(o?: { cursor?: string; limit?: number }): Promise<Page<ApiClient>>
  get(id: string): Promise<ApiClient>
  /** A new secret. The old one stays good for `graceS` (0: dead at once), in case the answer is lost. */
  rotate(id: string, by: Principal, graceS?: number): Promise<{ secret: string }>
  /** The client's tokens are refused from now on. */
  revoke(id: string, by: Principal): Promise<void>
  verifySecret(id: string, secret: string): Promise<boolean>
  /** As the key manager reads it; undefined when unknown or revoked. */
  record(id: string): Promise<ClientRecord | undefined>
  /** Makes the client, or sets its secret and scopes when they differ (idempotent; for the bootstrap and built-in clients). */
  ensure(c: { id: string; name: string; secret?: string; scopes: string[]; metadata: JsonObject }): Promise<void>
}

const idShape = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/
/** RFC 8252: https, a loopback address, or a private scheme with a dot in it. */
const redirectUri = z
  .string()
  .max(500)
  .refine((u) => {
    const url = URL.canParse(u) ? new URL(u) : undefined
    if (!url || url.hash || url.username || url.password) return false
    return (
      url.protocol === 'https:' ||
      (url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) ||
      /^[a-z0-9+-]+(\.[a-z0-9+-]+)+:$/.test(url.protocol)
    )
  }, 'is not https, a loopback address, or a private scheme such as com.example.app:/')
const shape = z
  .object({
    name: plainText(200, 1),
    scopes: z
      .array(permissionPattern)
      .min(1)
      .max(500)
      .transform((s) => [...new Set(s)].sort()),
    grants: z.array(z.enum(clientGrants)).min(1).default(['client_credentials']),
    redirectUris: z.array(redirectUri).max(20).default([]),
    public: z.boolean().default(false),
  })
  .refine((c) => !c.grants.includes('authorization_code') || c.redirectUris.length > 0, {
    path: ['redirectUris'],
    message: 'is needed for authorization_code',
  })
  .refine((c) => !(c.public && c.grants.includes('client_credentials')), {
    path: ['grants'],
    message: 'a public client cannot use client_credentials',
  })

interface Row {
  id: string
  name: string
  secret_hash: Buffer | null
  metadata: JsonObject
  scopes: string[]
  channel: number | null
  created: Date
  owner: { id: string; name: string } | null
  rotated: Date
  revoked: Date | null
  previous_hash: Buffer | null
}
const columns = sql`id, name, secret_hash, metadata, scopes, channel, created, (select jsonb_build_object('id', u.no::text, 'name', u.name) from app_user u where u.no = oauth_client.owner) owner, rotated, revoked, case when previous_until > now() then previous_hash end previous_hash`

const byIds = sql`select ${columns} from oauth_client where id = any(${[]}::text[])`.text
const words = (m: JsonObject, key: string) => (Array.isArray(m[key]) ? m[key].map(String) : [])
const show = (r: Row): ApiClient => ({
  id: r.id,
  name: r.name,
  scopes: r.scopes,
  public: r.metadata.token_endpoint_auth_method === 'none',
  grants: words(r.metadata, 'grant_types'),
  redirectUris: words(r.metadata, 'redirect_uris'),
  createdAt: r.created.toISOString(),
  owner: r.owner,
  rotatedAt: r.rotated.toISOString(),
  revoked: r.revoked !== null,
})
const newSecret = () => randomBytes(32).toString('base64url')

export function createClients(d: AccessDeps, changed: Changed): Clients {
  /** Devices that get their tokens come in crowds. */
  const read = gather(async (ids: string[]) => {
    const rows = await d.db.query<Row>({ name: 'oauth_client_read', text: byIds, values: [ids] })
    return new Map(rows.map((row) => [row.id, row]))
  })
  async function find(id: string): Promise<Row | undefined> {
    return idShape.test(id) ? read(id) : undefined
  }
  /**
   * An open client whose scopes `by` holds: else a new secret of a stronger client would raise a role. A device's client is there for
   * the device alone: whoever had its secret would be the device.
   */
  async function locked(tx: Tx, id: string, by: Principal): Promise<Row> {
    const [row] = idShape.test(id)
      ? await tx.query<Row>(sql`select ${columns} from oauth_client where id = ${id} for update`)
      : []
    if (!row || (row.channel !== null && by.actor !== `client:${id}`)) throw new Problem('not-found', { client: id })
    if (row.revoked) throw new Problem('wrong-state', { state: 'revoked' })
    if (by.actor !== `client:${id}`) demandAll(by, row.scopes)
    return row
  }
  async function told(tx: Tx, by: Principal, what: string, id: string, detail: JsonObject = {}) {
    await d.audit.write(tx, { actor: by.actor, act: `client.${what}`, subject: `client:${id}`, detail })
    await d.events.emit(tx, 'client.changed', { client: id, what })
  }
  const same = (hash: Buffer | null, given: Buffer) =>
    hash !== null && hash.length === given.length && timingSafeEqual(hash, given)

  return {
    create: async (input, by) => {
      const c = checkInput(shape, input)
      demandAll(by, c.scopes)
      const id = `c-${randomBytes(12).toString('hex')}`
      const secret = c.public ? undefined : newSecret()
      const metadata: JsonObject = {
        grant_types: c.grants,
        redirect_uris: c.redirectUris,
        ...(c.public ? { token_endpoint_auth_method: 'none', application_type: 'native' } : {}),
      }
      const client = await d.db.tx(async (tx) => {
        const [row] = await tx
          .query<Row>(sql`
            insert into oauth_client (id, name, secret_hash, metadata, scopes, owner) values (${id}, ${c.name}, ${secret ? sha256(secret) : null}, ${JSON.stringify(metadata)}::jsonb, ${c.scopes}, coalesce(${by.user ?? null}::bigint, (select owner from oauth_client where id = ${by.id}))) returning ${columns}`)
          .catch(taken('client', id))
        await told(tx, by, 'create', id, { name: c.name, scopes: c.scopes })
        return show(row!)
      })
      return secret === undefined ? { client } : { client, secret }
    },
    list: async ({ cursor, limit = 50 } = {}) => {
      const [name, id] = cursor === undefined ? [null, null] : readCursor(cursor, ['text', 'text'])
      const rows = await d.db.query<Row>(sql`
        select ${columns} from oauth_client where channel is null and revoked is null and (${name}::text is null or (name, id) > (${name}, ${id})) order by name, id limit ${limit + 1}`)
      return pageOf(rows, limit, show, (r) => [r.name, r.id])
    },
    get: async (id) => {
      const row = await find(id)
      if (!row || row.channel !== null) throw new Problem('not-found', { client: id })
      return show(row)
    },
    rotate: async (id, by, graceS = 0) => {
      const secret = newSecret()
      await d.db.tx(async (tx) => {
        const row = await locked(tx, id, by)
        if (row.secret_hash === null) throw new Problem('wrong-state', { state: 'public' })
        await tx.affected(sql`
          update oauth_client set secret_hash = ${sha256(secret)}, rotated = now(), previous_hash = ${graceS > 0 ? row.secret_hash : null}, previous_until = now() + make_interval(secs => ${graceS}) where id = ${id}`)
        await told(tx, by, 'rotate', id)
      })
      changed()
      return { secret }
    },
    revoke: async (id, by) => {
      await d.db.tx(async (tx) => {
        const row = await locked(tx, id, by)
        await tx.affected(sql`update oauth_client set revoked = now() where id = ${id}`)
        await tx.affected(
          sql`delete from oauth_item where client = ${id} and kind not in ('AccessToken', 'ClientCredentials')`,
        )
        await told(tx, by, 'revoke', id)
        await d.events.emit(tx, 'tokens.revoked', { tokens: [], client: id })
        if (row.channel !== null) await d.events.emit(tx, 'credentials.revoked', { channels: [row.channel] })
      })
      changed()
    },
    verifySecret: async (id, secret) => {
      const row = await find(id)
      if (!row || row.revoked) return false
      const given = sha256(secret)
      return same(row.secret_hash, given) || same(row.previous_hash, given)
    },
    record: async (id) => {
      const row = await find(id)
      if (!row || row.revoked) return undefined
      return {
        id: row.id,
        name: row.name,
        secretHash: row.secret_hash,
        metadata: row.metadata,
        scopes: row.scopes,
        channel: row.channel,
        created: row.created,
      }
    },
    ensure: async (c) => {
      if (!idShape.test(c.id))
        throw new Problem('invalid-request', {
          errors: [{ path: 'id', message: 'takes letters, digits, dot, dash, underscore and tilde, at most 128' }],
        })
      const hash = c.secret === undefined ? null : sha256(c.secret)
      await d.db.tx(async (tx) => {
        const written = await tx.affected(sql`
          insert into oauth_client (id, name, secret_hash, metadata, scopes) values (${c.id}, ${c.name}, ${hash}, ${JSON.stringify(c.metadata)}::jsonb, ${c.scopes})
          on conflict (id) do update set name = excluded.name, secret_hash = excluded.secret_hash, metadata = excluded.metadata, scopes = excluded.scopes, rotated = now(), revoked = null, previous_hash = null, previous_until = null
            where oauth_client.channel is null and (oauth_client.secret_hash, oauth_client.metadata, oauth_client.scopes, oauth_client.revoked) is distinct from (excluded.secret_hash, excluded.metadata, excluded.scopes, null)`)
        if (written > 0) await told(tx, system, 'ensure', c.id, { scopes: c.scopes })
      })
      changed()
    },
  }
}
