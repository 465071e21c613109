/**
 * What the key manager must remember: codes, grants, sessions, tokens. Ids are kept hashed; payloads that could speak for
 * someone are sealed. Access tokens stay in the clear without their id, because they are read at each validation.
 */
import type { JsonObject } from '@muster/contract'
import sql from 'sql-template-tag'
import { together } from '../db/index.ts'
import type { AccessDeps, Changed } from './deps.ts'
import { sha256 } from './sessions.ts'

export interface OAuthStore {
  upsert(kind: string, id: string, payload: JsonObject, expiresInS: number): Promise<void>
  find(kind: string, id: string): Promise<JsonObject | undefined>
  findByUid(kind: string, uid: string): Promise<JsonObject | undefined>
  findByUserCode(kind: string, userCode: string): Promise<JsonObject | undefined>
  /** False when it was consumed already or is gone: exactly one caller of several gets true. */
  consume(kind: string, id: string): Promise<boolean>
  destroy(kind: string, id: string): Promise<void>
  revokeByGrant(grantId: string): Promise<void>
  /** Removes what expired more than a day ago, and old sessions; answers how many rows. */
  sweep(): Promise<number>
}

const accessTokens = ['AccessToken', 'ClientCredentials']
const open = new Set([...accessTokens, 'RefreshToken', 'Grant'])
interface Item {
  kind: string
  hash: Buffer
  payload: JsonObject
  expiresInS: number
}
const upsertItems = `
  insert into oauth_item (kind, hash, payload, client, user_no, grant_id, uid, user_code, expires)
  select kind, hash, payload, client, user_no, grant_id, uid, user_code, now() + make_interval(secs => expires_s)
  from unnest($1::text[], $2::bytea[], $3::jsonb[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::float8[])
    as x (kind, hash, payload, client, user_no, grant_id, uid, user_code, expires_s) order by kind, hash
  on conflict (kind, hash) do update set payload = excluded.payload, client = excluded.client, user_no = excluded.user_no, grant_id = excluded.grant_id, uid = excluded.uid, user_code = excluded.user_code, expires = excluded.expires`
interface Row {
  hash: Buffer
  payload: JsonObject
  consumed: Date | null
}

export function createOAuthStore(d: AccessDeps, changed: Changed): OAuthStore {
  const place = (kind: string, hash: Buffer) => `oauth_item|${kind}:${hash.toString('hex')}|payload`

  /** The id itself never reaches the table in the clear; it comes back from the caller, or out of the seal. */
  function pack(kind: string, hash: Buffer, payload: JsonObject): JsonObject {
    if (!open.has(kind))
      return { sealed: d.secrets.seal(place(kind, hash), JSON.stringify(payload)).toString('base64') }
    const { jti: _, ...rest } = payload
    return rest
  }
  function unpack(kind: string, row: Row, id: string | undefined): JsonObject {
    const sealed = row.payload.sealed
    const payload: JsonObject =
      typeof sealed === 'string'
        ? (JSON.parse(d.secrets.open(place(kind, row.hash), Buffer.from(sealed, 'base64')).toString()) as JsonObject)
        : { ...row.payload, ...(id === undefined ? {} : { jti: id }) }
    return row.consumed ? { ...payload, consumed: Math.floor(row.consumed.getTime() / 1000) } : payload
  }
  const text = (v: unknown) => (typeof v === 'string' ? v : null)
  const usable = (id: string) => id.length <= 512 && id.isWellFormed() && !id.includes('\0')

  /** Ends live access tokens and says so to every node. */
  async function revokeWhere(where: { grant: string } | { kind: string; hash: Buffer }): Promise<void> {
    await d.db.tx(async (tx) => {
      const which =
        'grant' in where
          ? sql`grant_id = ${where.grant} and kind = any(${accessTokens})`
          : sql`kind = ${where.kind} and hash = ${where.hash}`
      const gone = await tx.query<{
        hash: Buffer
        client: string | null
        user_no: number | null
        channel: number | null
      }>(sql`
        update oauth_item i set revoked = now() where ${which} and revoked is null
        returning hash, client, user_no, (select c.channel from oauth_client c where c.id = i.client) channel`)
      if ('grant' in where)
        await tx.affected(sql`delete from oauth_item where grant_id = ${where.grant} and kind <> all(${accessTokens})`)
      if (gone.length === 0) return
      const first = gone[0]!
      await d.audit.write(tx, {
        actor: first.client === null ? 'system' : `client:${first.client}`,
        act: 'token.revoke',
        subject: first.user_no === null ? undefined : `user:${first.user_no}`,
        detail: { tokens: gone.length },
      })
      await d.events.emit(tx, 'tokens.revoked', {
        tokens: gone.map((g) => g.hash.toString('base64')),
        ...(first.client === null ? {} : { client: first.client }),
        ...(first.user_no === null ? {} : { user: first.user_no }),
      })
      const channels = gone.flatMap((g) => g.channel ?? [])
      if (channels.length > 0) await d.events.emit(tx, 'credentials.revoked', { channels })
    })
    changed()
  }
  async function one(kind: string, row: Row | undefined, id?: string) {
    return row && unpack(kind, row, id)
  }

  async function write(items: readonly Item[]): Promise<void> {
    const user = (v: unknown) => (Number.isSafeInteger(Number(v)) ? Number(v) : null)
    await d.db.affected({
      name: 'oauth_item_upsert',
      text: upsertItems,
      values: [
        items.map((i) => i.kind),
        items.map((i) => i.hash),
        items.map((i) => JSON.stringify(pack(i.kind, i.hash, i.payload))),
        items.map((i) => text(i.payload.clientId)),
        items.map((i) => user(i.payload.accountId)),
        items.map((i) => text(i.payload.grantId)),
        items.map((i) => text(i.payload.uid)),
        items.map((i) => {
          const userCode = text(i.payload.userCode)
          return userCode === null ? null : sha256(userCode).toString('base64')
        }),
        items.map((i) => i.expiresInS),
      ],
    })
  }
  /** Tokens of a crowd are durable by one commit. */
  const keep = together<Item, true>({
    many: async (items) => {
      await write(items)
      return items.map(() => true as const)
    },
    alone: async (item) => {
      await write([item])
      return true
    },
    keys: (item) => [`${item.kind} ${item.hash.toString('hex')}`],
  })

  return {
    upsert: async (kind, id, payload, expiresInS) => {
      await keep({ kind, hash: sha256(id), payload, expiresInS })
    },
    find: async (kind, id) => {
      if (!usable(id)) return undefined
      const [row] = await d.db.query<Row>({
        name: 'oauth_item_find',
        text: 'select hash, payload, consumed from oauth_item where kind = $1 and hash = $2 and revoked is null',
        values: [kind, sha256(id)],
      })
      return one(kind, row, id)
    },
    findByUid: async (kind, uid) => {
      if (!usable(uid)) return undefined
      const [row] = await d.db.query<Row>(
        sql`select hash, payload, consumed from oauth_item where kind = ${kind} and uid = ${uid}`,
      )
      return one(kind, row)
    },
    findByUserCode: async (kind, code) => {
      const [row] = await d.db.query<Row>(
        sql`select hash, payload, consumed from oauth_item where kind = ${kind} and user_code = ${sha256(code).toString('base64')}`,
      )
      return one(kind, row)
    },
    consume: async (kind, id) =>
      (await d.db.affected(
        sql`update oauth_item set consumed = now() where kind = ${kind} and hash = ${sha256(id)} and consumed is null`,
      )) > 0,
    destroy: async (kind, id) => {
      if (accessTokens.includes(kind)) await revokeWhere({ kind, hash: sha256(id) })
      else await d.db.affected(sql`delete from oauth_item where kind = ${kind} and hash = ${sha256(id)}`)
    },
    revokeByGrant: (grant) => revokeWhere({ grant }),
    sweep: async () => {
      const items = await d.db.affected(sql`delete from oauth_item where expires < now() - interval '1 day'`)
      return items + (await d.db.affected(sql`delete from session where expires < now()`))
    },
  }
}
