/** This server at Apple Business Manager: its key and server token, and the tokens by which devices show there that they are managed here. */
import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto'
import {
  type OpenSetup,
  type PlatformHost,
  Problem,
  type SetupAct,
  type SetupAnswer,
  type SetupState,
  type Words,
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

function refuse(code: string, text: Words): Problem {
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
      text: {
        en: 'Upload it at Apple as the public key of this device management service, then download the server token.',
        de: 'Laden Sie ihn bei Apple als öffentlichen Schlüssel dieses Dienstes zur Geräteverwaltung hoch, und laden Sie dann das Server-Token herunter.',
      },
      files: [{ name: 'muster-public-key.pem', type: 'application/x-pem-file', bytes }],
    }
  }

  async function upload({ input, sql }: SetupAct): Promise<SetupAnswer> {
    const mine = await read(sql)
    if (!mine)
      throw refuse('no-key', {
        en: 'There is no key yet. Get the public key first, and upload it at Apple.',
        de: 'Es gibt noch keinen Schlüssel. Holen Sie zuerst den öffentlichen Schlüssel, und laden Sie ihn bei Apple hoch.',
      })
    const token = readServerToken(Buffer.from(String(input.token ?? ''), 'base64'), {
      certificate: mine.certificate,
      key: keyOf(mine),
    })
    if (!token)
      throw refuse('no-server-token', {
        en: 'This is no server token for the public key that was given out last. Download it again at Apple.',
        de: 'Dies ist kein Server-Token zum zuletzt ausgegebenen öffentlichen Schlüssel. Laden Sie es bei Apple noch einmal herunter.',
      })
    const ends = new Date(token.access_token_expiry)
    if (ends <= host.clock.now())
      throw refuse('server-token-ended', {
        en: 'This server token is over. Download a new one at Apple.',
        de: 'Dieses Server-Token ist abgelaufen. Laden Sie bei Apple ein neues herunter.',
      })
    try {
      const account = await readAccount(host, url, token)
      const sealed = host.vault.seal(tokenPlace, JSON.stringify(token))
      await sql`update business set token = ${sealed}, account = ${JSON.stringify(account)}::jsonb, expires = ${ends}, since = now()`
      remembered = undefined
      return {
        text: {
          en: `Apple knows this server as ${account.server_name || account.server_uuid}.`,
          de: `Apple kennt diesen Server als ${account.server_name || account.server_uuid}.`,
        },
      }
    } catch (e) {
      if (!(e instanceof BusinessError)) throw e
      throw refuse('apple-refused', {
        en: `Apple did not take the server token: ${e.status || ''} ${e.message}`.trim(),
        de: `Apple hat das Server-Token nicht angenommen: ${e.status || ''} ${e.message}`.trim(),
      })
    }
  }

  async function state(): Promise<SetupState> {
    const mine = await read()
    if (!mine)
      return {
        state: 'missing',
        text: { en: 'Apple does not know this server.', de: 'Apple kennt diesen Server nicht.' },
        details: [],
        actions: ['certificate'],
      }
    const actions = ['certificate', 'upload']
    if (!mine.account || !mine.expires)
      return {
        state: 'waiting',
        text: {
          en: 'Upload the server token that Apple gives for the public key.',
          de: 'Laden Sie das Server-Token hoch, das Apple zum öffentlichen Schlüssel ausgibt.',
        },
        details: [],
        actions,
      }
    const details = [
      { title: { en: 'Organisation', de: 'Organisation' }, value: mine.account.org_name },
      { title: { en: 'Name at Apple', de: 'Name bei Apple' }, value: mine.account.server_name },
      {
        title: { en: 'Server token good until', de: 'Server-Token gültig bis' },
        value: mine.expires.toISOString(),
        time: true as const,
      },
    ]
    return {
      state: 'ready',
      text: {
        en: 'Devices that are managed here are known as managed.',
        de: 'Hier verwaltete Geräte sind als verwaltet bekannt.',
      },
      details,
      actions,
    }
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
