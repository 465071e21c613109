/** Whom an access token speaks for: one statement, and an answer that says why it is refused. */
import type { Refusal } from '@muster/contract'
import { gather } from '../db/index.ts'
import { type Cache, createCache } from './cache.ts'
import type { AccessDeps } from './deps.ts'
import { covers, everywhere, type Principal } from './permissions.ts'
import { principalOfUser, type RoleRow, rolesOf, sha256 } from './sessions.ts'

/** A device's token: its channel, and until when it may be believed without asking again. */
export interface DeviceToken {
  device: number
  expires: Date
}
export interface Tokens {
  /** Users' and API clients' answers are cached for at most 5 s and dropped at once on any change; devices' and refusals are not cached here. */
  principalOfToken(token: string): Promise<Principal | DeviceToken | Refusal>
  channelOfToken(token: string): Promise<{ channel: number; expires: Date } | Refusal>
  forget(): void
}

interface Row {
  hash: Buffer
  payload: { scope?: string }
  expires: Date
  expired: boolean
  revoked: boolean
  client: string
  client_name: string
  scopes: string[]
  channel: number | null
  closed: boolean
  user_no: number | null
  user_name: string | null
  user_disabled: boolean | null
  roles: RoleRow[]
}

const query = {
  name: 'principal_of_token',
  text: `select i.hash, i.payload, i.expires, i.expires <= now() expired, i.revoked is not null or c.id is null or c.revoked is not null revoked, c.id client, c.name client_name, c.scopes, c.channel,
      exists (select from channel ch where ch.no = c.channel and ch.closed is not null) closed,
      i.user_no, u.name user_name, u.disabled user_disabled, ${rolesOf.text} roles
    from oauth_item i left join oauth_client c on c.id = i.client left join app_user u on u.no = i.user_no
    where i.kind = any('{AccessToken,ClientCredentials}') and i.hash = any($1::bytea[])`,
}

/**
 * Scopes are single permissions; a token that was given every one of a kind holds the kind, also where patterns are compared
 * (`*`, `operation:*`): else whoever holds everything could not give everything.
 */
function widened(scopes: readonly string[], known: readonly string[]): string[] {
  const given = new Set(scopes)
  const kinds = ['*', ...new Set(known.map((p) => `${p.slice(0, p.indexOf(':'))}:*`))]
  const whole = (kind: string) => known.length > 0 && known.every((p) => !covers(kind, p) || given.has(p))
  return [...scopes, ...kinds.filter(whole)]
}

/** `known`: all permissions that there are now. */
export function createTokens(d: AccessDeps, known: () => readonly string[]): Tokens {
  const cache: Cache<Principal> = createCache()
  /** By hash in base64. A fleet that comes back after a restart asks for thousands at once. */
  const rowOf = gather(async (hashes: string[]) => {
    const rows = await d.db.query<Row>({ ...query, values: [hashes.map((h) => Buffer.from(h, 'base64'))] })
    return new Map(rows.map((row) => [row.hash.toString('base64'), row]))
  })

  function judge(row: Row | undefined): Principal | DeviceToken | Refusal {
    if (!row) return { refused: 'unknown' }
    // The device is gone before its token is: the farewell names the truer reason.
    if (row.channel !== null && row.closed) return { refused: 'gone' }
    if (row.revoked) return { refused: 'revoked' }
    if (row.expired) return { refused: 'expired' }
    if (row.channel !== null) return { device: row.channel, expires: row.expires }
    const asked = widened(row.payload.scope?.split(' ').filter(Boolean) ?? [], known())
    if (row.user_no === null) {
      return {
        kind: 'client',
        id: row.client,
        name: row.client_name,
        actor: `client:${row.client}`,
        permissions: row.scopes,
        scopes: asked,
        reach: everywhere,
      }
    }
    if (row.user_name === null || row.user_disabled) return { refused: 'revoked' }
    return { ...principalOfUser({ no: row.user_no, name: row.user_name, roles: row.roles }), scopes: asked }
  }

  async function principalOfToken(token: string): Promise<Principal | DeviceToken | Refusal> {
    if (!/^[A-Za-z0-9_-]{20,128}$/.test(token)) return { refused: 'unknown' }
    const hash = sha256(token).toString('base64')
    let other: DeviceToken | Refusal = { refused: 'unknown' }
    const principal = await cache.get(hash, async () => {
      const found = judge(await rowOf(hash))
      if ('kind' in found) return found
      other = found
      return undefined
    })
    return principal ?? other
  }

  return {
    principalOfToken,
    channelOfToken: async (token) => {
      const found = await principalOfToken(token)
      if ('device' in found) return { channel: found.device, expires: found.expires }
      return 'refused' in found ? found : { refused: 'foreign' }
    },
    forget: () => cache.clear(),
  }
}
