/** Access tokens of Microsoft Entra (JWT, RFC 7519) that Windows shows when it joins: believed when a configured tenant signed them for this server, and not a minute longer. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { PlatformHost } from '@muster/contract'
import { z } from 'zod'
import { type EnrolmentSettings, issuersOf, keysOf, type Tenant } from './settings.ts'

export interface EntraUser {
  readonly tenant: string
  readonly upn: string
  readonly deviceId?: string
}
export interface EntraTokens {
  read(jwt: string): Promise<EntraUser | { readonly wrong: string }>
}

const header = z.object({ alg: z.literal('RS256'), kid: z.string().min(1).max(200) })
const claims = z.object({
  iss: z.string(),
  aud: z.string(),
  tid: z.string(),
  exp: z.number(),
  nbf: z.number().optional(),
  upn: z.string().max(254).optional(),
  preferred_username: z.string().max(254).optional(),
  unique_name: z.string().max(254).optional(),
  deviceid: z.string().max(128).optional(),
})
const keySet = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional(), use: z.string().optional() })).max(100),
})
type Keys = ReadonlyMap<string, KeyObject>

const longest = 12 * 1024
const skewS = 300
/** Keys are read again so often; for one that is not among them once a minute at most; after a failure a little sooner. */
const freshMs = 3_600_000
const againMs = 60_000
const failedMs = 5000

export function createEntraTokens(host: PlatformHost, { tenants }: Pick<EnrolmentSettings, 'tenants'>): EntraTokens {
  const known = new Map<string, { keys: Promise<Keys>; goodUntil: number; again: number }>()

  async function keyOf(t: Tenant, kid: string): Promise<KeyObject | undefined> {
    const now = host.clock.now().getTime()
    const there = known.get(t.tenant)
    const found = there && now < there.goodUntil ? (await there.keys).get(kid) : undefined
    if (found || (there && now < there.again)) return found
    const keys = fetchKeys(host, keysOf(t))
    known.set(t.tenant, { keys, goodUntil: now + freshMs, again: now + againMs })
    try {
      return (await keys).get(kid)
    } catch (err) {
      host.log.warn({ err, tenant: t.tenant }, 'the keys of a tenant could not be read')
      const old = there ?? { keys: Promise.resolve<Keys>(new Map()), goodUntil: 0 }
      known.set(t.tenant, { ...old, again: now + failedMs })
      return undefined
    }
  }

  return {
    async read(jwt) {
      const parts = jwt.length <= longest ? split(jwt) : undefined
      if (!parts) return { wrong: 'it is no signed JSON Web Token' }
      const { head, body, signed, signature } = parts
      const tenant = tenants.find((t) => t.tenant === body.tid.toLowerCase())
      if (!tenant) return { wrong: 'its tenant is not configured here' }
      const key = await keyOf(tenant, head.kid)
      if (!key || !verify('sha256', Buffer.from(signed), key, signature))
        return { wrong: 'its signature is not the tenant’s' }
      if (!issuersOf(tenant).includes(body.iss)) return { wrong: 'its issuer is not the tenant’s' }
      if (!tenant.audience.includes(body.aud)) return { wrong: 'it is for another service' }
      const nowS = host.clock.now().getTime() / 1000
      if (body.exp + skewS < nowS) return { wrong: 'it has expired' }
      if (body.nbf !== undefined && body.nbf - skewS > nowS) return { wrong: 'it is not valid yet' }
      const upn = body.upn ?? body.preferred_username ?? body.unique_name
      if (!upn) return { wrong: 'it names no user' }
      return { tenant: tenant.tenant, upn, deviceId: body.deviceid }
    },
  }
}

function split(jwt: string) {
  const [h = '', b = '', s = '', ...more] = jwt.trim().split('.')
  if (more.length > 0 || ![h, b, s].every((p) => /^[\w-]+$/.test(p))) return undefined
  const head = header.safeParse(json(h)).data
  const body = claims.safeParse(json(b)).data
  return head && body && { head, body, signed: `${h}.${b}`, signature: Buffer.from(s, 'base64url') }
}

function json(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch {
    // No JSON: no token.
    return undefined
  }
}

/** RSA keys for signatures, by their id. */
async function fetchKeys(host: PlatformHost, address: string): Promise<Keys> {
  const reply = await host.fetch(address, { headers: { accept: 'application/json' } })
  if (!reply.ok) throw new Error(`the keys of the tenant: HTTP ${reply.status}`)
  const text = await reply.text()
  if (text.length > 512 * 1024) throw new Error('the keys of the tenant: too many')
  const { keys } = keySet.parse(JSON.parse(text))
  return new Map(
    keys.flatMap((k) =>
      k.kty === 'RSA' && k.kid !== undefined && (k.use ?? 'sig') === 'sig'
        ? [[k.kid, createPublicKey({ key: k, format: 'jwk' })] as const]
        : [],
    ),
  )
}
