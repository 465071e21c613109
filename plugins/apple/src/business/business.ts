/** This server at Apple Business Manager: its key and server token, and the tokens by which devices show there that they are managed here. */
import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto'
import {
  type OpenSetup,
  type PlatformHost,
  Problem,
  type SetupAct,
  type SetupAnswer,
  type SetupState,
} from '@muster/contract'
import { BusinessError } from './client.ts'
import { businessStep } from './descriptor.ts'
import { readServerToken, type ServerToken } from './server-token.ts'
import { type BusinessAccount, readAccount } from './service.ts'

export interface Business {
  readonly setup: OpenSetup
  /** For Apple's identity service (GetToken, com.apple.maid): a JWT; undefined while this server is not known there. */
  maid(): Promise<string | undefined>
  /** What opens Apple's service; undefined while this server is not known there. `since` changes with it. */
  token(): Promise<{ token: ServerToken; since: string; expires: Date } | undefined>
}

export const businessMigration = {
  name: '0007_business_manager',
  sql: `create table business (
    one boolean primary key default true check (one), key bytea not null, certificate bytea not null,
    token bytea, account jsonb, expires timestamptz, since timestamptz not null default now());`,
}
interface Kept {
  readonly key: Uint8Array
  readonly certificate: Uint8Array
  readonly account: BusinessAccount | null
  readonly expires: Date | null
}

const keyPlace = 'business-key'
const tokenPlace = 'business-token'
const keptMs = 10_000

function refuse(code: string, text: string): Problem {
  return new Problem('setup-refused', { reason: { code, text } })
}

export function createBusiness(host: PlatformHost, url: string): Business {
  let remembered: { until: number; kept: Promise<Kept | undefined> } | undefined

  async function read(sql: PlatformHost['sql'] = host.sql): Promise<Kept | undefined> {
    const [row] = await sql<Kept>`select key, certificate, account, expires from business`
    return row
  }
  /** Each sign-in on a device asks; a few seconds old at most. */
  function kept(): Promise<Kept | undefined> {
    const now = host.clock.now().getTime()
    if (!remembered || remembered.until <= now) {
      const asked = read()
      remembered = { until: now + keptMs, kept: asked }
      asked.catch(() => {
        remembered = undefined
      })
    }
    return remembered.kept
  }
  const keyOf = (k: Kept) => createPrivateKey(host.vault.open(keyPlace, k.key))

  async function certificate({ input, sql }: SetupAct): Promise<SetupAnswer> {
    let der = (await read(sql))?.certificate
    if (!der || input.fresh === true) {
      const own = await host.certificates.own(`business-${input.fresh === true ? randomUUID() : 'manager'}`)
      der = own.chain[0] ?? new Uint8Array()
      await sql`insert into business (key, certificate) values (${host.vault.seal(keyPlace, own.key)}, ${der})
        on conflict (one) do update set key = excluded.key, certificate = excluded.certificate, token = null, account = null, expires = null, since = now()`
      remembered = undefined
    }
    const bytes = Buffer.from(new X509Certificate(Buffer.from(der)).toString())
    return {
      text: 'Upload it at Apple as the public key of this device management service, then download the server token.',
      files: [{ name: 'muster-public-key.pem', type: 'application/x-pem-file', bytes }],
    }
  }

  async function upload({ input, sql }: SetupAct): Promise<SetupAnswer> {
    const mine = await read(sql)
    if (!mine) throw refuse('no-key', 'There is no key yet. Get the public key first, and upload it at Apple.')
    const token = readServerToken(Buffer.from(String(input.token ?? ''), 'base64'), {
      certificate: mine.certificate,
      key: keyOf(mine),
    })
    if (!token)
      throw refuse(
        'no-server-token',
        'This is no server token for the public key that was given out last. Download it again at Apple.',
      )
    const ends = new Date(token.access_token_expiry)
    if (ends <= host.clock.now())
      throw refuse('server-token-ended', 'This server token is over. Download a new one at Apple.')
    try {
      const account = await readAccount(host, url, token)
      const sealed = host.vault.seal(tokenPlace, JSON.stringify(token))
      await sql`update business set token = ${sealed}, account = ${JSON.stringify(account)}::jsonb, expires = ${ends}, since = now()`
      remembered = undefined
      return { text: `Apple knows this server as ${account.server_name || account.server_uuid}.` }
    } catch (e) {
      if (!(e instanceof BusinessError)) throw e
      throw refuse('apple-refused', `Apple did not take the server token: ${e.status || ''} ${e.message}`.trim())
    }
  }

  async function state(): Promise<SetupState> {
    const mine = await read()
    if (!mine)
      return { state: 'missing', text: 'Apple does not know this server.', details: [], actions: ['certificate'] }
    const actions = ['certificate', 'upload']
    if (!mine.account || !mine.expires)
      return {
        state: 'waiting',
        text: 'Upload the server token that Apple gives for the public key.',
        details: [],
        actions,
      }
    const details = [
      { title: 'Organisation', value: mine.account.org_name },
      { title: 'Name at Apple', value: mine.account.server_name },
      { title: 'Server token good until', value: mine.expires.toISOString(), time: true as const },
    ]
    return { state: 'ready', text: 'Devices that are managed here are known as managed.', details, actions }
  }

  const acts: Readonly<Record<string, (a: SetupAct) => Promise<SetupAnswer>>> = { certificate, upload }
  return {
    setup: {
      state,
      act: async (a) => {
        const act = a.step === businessStep ? acts[a.action] : undefined
        if (!act) throw new Problem('not-found')
        return act(a)
      },
    },
    token: async () => {
      const [row] = await host.sql<{ token: Uint8Array | null; since: Date; expires: Date | null }>`
        select token, since, expires from business`
      if (!row?.token || !row.expires) return undefined
      const token = JSON.parse(host.vault.open(tokenPlace, row.token)) as ServerToken
      return { token, since: row.since.toISOString(), expires: row.expires }
    },
    maid: async () => {
      const mine = await kept()
      if (!mine?.account) return undefined
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      // Apple, Get Token: claims of the service com.apple.maid; signed by the key that the service knows.
      const claims = {
        iss: mine.account.server_uuid,
        iat: Math.floor(host.clock.now().getTime() / 1000),
        jti: randomUUID(),
        service_type: 'com.apple.maid',
      }
      const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
      return `${text}.${sign('sha256', Buffer.from(text), keyOf(mine)).toString('base64url')}`
    },
  }
}
