/** DM accounts (OMA DM 1.2 bootstrap, w7): for each enrolment the secrets and nonces that device and server prove themselves with, kept sealed. */
import { randomBytes } from 'node:crypto'
import type { Bytes, Channel, PlatformHost } from '@muster/contract'
import { inCrowds } from './in-crowds.ts'

/** client: what the device proves to us with (w7 AAUTHLEVEL APPSRV); server: what we prove to it with (AAUTHLEVEL CLIENT). */
export type Level = 'client' | 'server'
export interface Secret {
  /** AAUTHNAME; in messages `Source/LocName` beside a digest. */
  readonly name: string
  /** AAUTHSECRET. */
  readonly secret: string
  /** The bytes whose base64 is AAUTHDATA and NextNonce: what the next digest is made with. */
  readonly nonce: Bytes
}
export interface DmAccount {
  /** The DeviceID of the enrolment: `Source/LocURI` of the device's messages. */
  readonly deviceId: string
  /** Number of its channel. */
  readonly channel: number
  /** Who has proved the digest is `host.identify({ key })`: a Channel while the enrolment lasts, a Refusal after it. Never leaves the server. */
  readonly key: string
  readonly client: Secret
  readonly server: Secret
}

/** What is kept of an enrolment that has ended stays until its device enrols again: it still proves who comes, so that it can be told that it is over. */
export interface Accounts {
  /** New secrets and nonces for a channel, whose `key` it is given; those of earlier enrolments of the same device go. */
  create(c: Channel, deviceId: string): Promise<DmAccount>
  /**
   * The account that a digest must have been made with. `name`: `Source/LocName`; without it the newest one of that DeviceID (copied disk images share
   * theirs). Remembered on this node; `fresh` reads it again, as when a digest fails that another node may have given the nonce for.
   */
  find(deviceId: string, name?: string, fresh?: true): Promise<DmAccount | undefined>
  /** A channel's own from memory alone; undefined: `find` tells. */
  ofChannel(channel: number): DmAccount | undefined
  /** The next nonce of a level, by compare-and-set with the account's own. undefined: another message was first, and nothing changed. */
  nonce(account: DmAccount, level: Level, next: Bytes): Promise<DmAccount | undefined>
}

/** How a channel's account is called: `Source/LocName` of its digests. */
export const accountName = (channel: number): string => `muster-${channel}`

export const accountMigration = {
  name: '0001_dm_account',
  sql: `create table dm_account (
    channel bigint primary key, device uuid not null, device_id text not null, secrets bytea not null, client_nonce bytea not null, server_nonce bytea not null);
  create index dm_account_device_id on dm_account (device_id);
  create index dm_account_device on dm_account (device);`,
}

/** Bytes of a nonce: clients refuse an account whose nonces are no base64 of real bytes, or the same for both levels. */
const nonceBytes = 16
const limit = 50_000
const serverName = 'Muster'

interface Row {
  channel: number
  device_id: string
  secrets: Uint8Array
  client_nonce: Uint8Array
  server_nonce: Uint8Array
}

interface New extends Row {
  device: string
}

export function createAccounts(host: PlatformHost): Accounts {
  const known = new Map<string, DmAccount>()
  const byChannel = new Map<number, DmAccount>()
  const place = (channel: number) => `dm-account|${channel}`
  const cacheKey = (deviceId: string, name = '') => `${name} ${deviceId}`

  function remember(a: DmAccount): DmAccount {
    if (known.size >= limit) for (const old of [...known.values()].slice(0, limit / 20)) forget(old)
    known.set(cacheKey(a.deviceId, a.client.name), a)
    byChannel.set(a.channel, a)
    return a
  }
  function forget(a: DmAccount): void {
    known.delete(cacheKey(a.deviceId, a.client.name))
    byChannel.delete(a.channel)
  }
  function accountOf(r: Row): DmAccount {
    const [clientSecret = '', serverSecret = '', key = ''] = host.vault.open(place(r.channel), r.secrets).split(' ')
    return {
      deviceId: r.device_id,
      channel: r.channel,
      key,
      client: { name: accountName(r.channel), secret: clientSecret, nonce: r.client_nonce },
      server: { name: serverName, secret: serverSecret, nonce: r.server_nonce },
    }
  }

  /** Those that come while others are written go together: devices enrol in crowds, and a statement of a plugin's is a transaction. */
  const write = inCrowds<New>(async (all) => {
    const column = <T>(of: (n: New) => T) => all.map(of)
    await host.sql`
      with given as (
        select * from unnest(${column((n) => n.channel)}::bigint[], ${column((n) => n.device)}::uuid[], ${column((n) => n.device_id)}::text[],
          ${column((n) => n.secrets)}::bytea[], ${column((n) => n.client_nonce)}::bytea[], ${column((n) => n.server_nonce)}::bytea[])
          as g (channel, device, device_id, secrets, client_nonce, server_nonce)),
      gone as (delete from dm_account a using given g where a.device = g.device and a.channel < g.channel)
      insert into dm_account (channel, device, device_id, secrets, client_nonce, server_nonce)
      select channel, device, device_id, secrets, client_nonce, server_nonce from given
      on conflict (channel) do update set device_id = excluded.device_id, secrets = excluded.secrets, client_nonce = excluded.client_nonce, server_nonce = excluded.server_nonce`
  })

  return {
    async create(c, deviceId) {
      const [clientSecret, serverSecret, key] = [newSecret(), newSecret(), newSecret()]
      const row: New = {
        channel: c.no,
        device: c.device,
        device_id: deviceId,
        secrets: host.vault.seal(place(c.no), [clientSecret, serverSecret, key].join(' ')),
        client_nonce: randomBytes(nonceBytes),
        server_nonce: randomBytes(nonceBytes),
      }
      await Promise.all([host.key(c, key), write(row)])
      return remember(accountOf(row))
    },
    async find(deviceId, name, fresh) {
      const there = name !== undefined && !fresh ? known.get(cacheKey(deviceId, name)) : undefined
      if (there) return there
      const number = name === undefined ? null : numberIn(name)
      if (number === undefined) return undefined
      const [row] = await host.sql<Row>`
        select channel, device_id, secrets, client_nonce, server_nonce from dm_account
        where device_id = ${deviceId} and (${number}::bigint is null or channel = ${number}) order by channel desc limit 1`
      return row && remember(accountOf(row))
    },
    ofChannel: (channel) => byChannel.get(channel),
    async nonce(a, level, next) {
      const before = Buffer.from(a[level].nonce)
      const changed =
        level === 'client'
          ? await host.sql`update dm_account set client_nonce = ${Buffer.from(next)} where channel = ${a.channel} and client_nonce = ${before} returning channel`
          : await host.sql`update dm_account set server_nonce = ${Buffer.from(next)} where channel = ${a.channel} and server_nonce = ${before} returning channel`
      forget(a)
      return changed.length === 1 ? remember({ ...a, [level]: { ...a[level], nonce: next } }) : undefined
    },
  }
}

/** 256 bits; letters that need no escaping anywhere. */
const newSecret = (): string => randomBytes(32).toString('base64url')

function numberIn(name: string): number | undefined {
  const digits = /^muster-([0-9]{1,15})$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
