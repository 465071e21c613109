/** Who speaks: from a token, certificate or key to its channel, without a statement while it is cached. */
import { hash as digestOf } from 'node:crypto'
import type { Refusal } from '@muster/contract'
import sql from 'sql-template-tag'
import { type Db, gather } from '../db/index.ts'
import { type KnownChannel, readChannels } from './channels.ts'

/** What the key manager says of a device's access token. */
export interface DeviceTokens {
  channelOfToken(token: string): Promise<{ channel: number; expires: Date } | Refusal>
}
export type Proof = { certificate: Uint8Array } | { bearer: string } | { key: string }

export interface Identity {
  identify(proof: Proof): Promise<KnownChannel | Refusal>
  /** The channel as it is now; undefined when there is none. */
  channel(no: number): Promise<KnownChannel | undefined>
  /** What is cached of these channels and their credentials is asked anew. */
  forget(channels: readonly number[]): void
  forgetAll(): void
  size(): number
}

interface Entry {
  channel: KnownChannel
  expires: number
}
/** Credentials cached at most, and the longest silence of the bus before nothing cached is believed. */
const limits = { entries: 250_000, staleMs: 5_000 }

/**
 * Staleness: revocations reach every node over the event bus; when the bus was not heard for 5 s, the database is asked each time.
 * Entries hold the channel object itself, so forgetting a channel at once outdates every credential that led to it.
 */
export function createIdentity(o: {
  db: Db
  tokens: DeviceTokens
  busSilentMs: () => number
  now?: () => number
}): Identity {
  const now = o.now ?? Date.now
  const entries = new Map<string, Entry>()
  const channels = new Map<number, KnownChannel>()
  const read = gather(
    async (nos: number[]) =>
      new Map((await readChannels(o.db, sql`c.no = any(${nos}::bigint[])`)).map((c) => [c.no, c])),
  )

  async function channel(no: number): Promise<KnownChannel | undefined> {
    if (o.busSilentMs() <= limits.staleMs) {
      const known = channels.get(no)
      if (known) return known
    }
    const found = await read(no)
    if (found) {
      trim(channels)
      channels.set(no, found)
    }
    return found
  }
  function cached(hash: string): KnownChannel | Refusal | undefined {
    if (o.busSilentMs() > limits.staleMs) return undefined
    const entry = entries.get(hash)
    if (!entry || channels.get(entry.channel.no) !== entry.channel) return undefined
    if (entry.expires <= now()) {
      entries.delete(hash)
      return { refused: 'expired' }
    }
    return entry.channel
  }
  async function look(proof: Proof, hash: Buffer): Promise<{ channel: number; expires: Date } | Refusal> {
    if ('bearer' in proof) return o.tokens.channelOfToken(proof.bearer)
    // Of its own kind only: the hash of a client's id stands there too, and ids are no secrets.
    const kind = 'key' in proof ? 'key' : 'certificate'
    const rows = await o.db.query<{ channel: number; expires: Date | null; revoked: Date | null }>(
      sql`select channel, expires, revoked from credential where hash = ${hash} and kind = ${kind}`,
    )
    const row = rows[0]
    if (!row) return { refused: 'unknown' }
    if (row.revoked) return { refused: 'revoked' }
    return { channel: row.channel, expires: row.expires ?? new Date(8.64e15) }
  }
  return {
    channel,
    identify: async (proof) => {
      const [kind, bytes] =
        'certificate' in proof
          ? (['c', proof.certificate] as const)
          : 'bearer' in proof
            ? (['b', proof.bearer] as const)
            : (['k', proof.key] as const)
      const digest = digestOf('sha256', bytes, 'base64')
      const hash = kind + digest
      const known = cached(hash)
      if (known) return known
      const found = await look(proof, Buffer.from(digest, 'base64'))
      if ('refused' in found) return found
      if (found.expires.getTime() <= now()) return { refused: 'expired' }
      const c = await channel(found.channel)
      if (!c) return { refused: 'unknown' }
      if (c.lifecycle === 'removed') return { refused: 'gone' }
      trim(entries)
      entries.set(hash, { channel: c, expires: found.expires.getTime() })
      return c
    },
    forget: (nos) => {
      for (const no of nos) channels.delete(no)
    },
    forgetAll: () => {
      channels.clear()
      entries.clear()
    },
    size: () => entries.size,
  }
}

/** The oldest entries make room: bounded memory matters more than a perfect hit rate. */
function trim<K, V>(map: Map<K, V>): void {
  if (map.size < limits.entries) return
  let spare = Math.ceil(limits.entries / 20)
  for (const key of map.keys()) {
    if (spare-- === 0) break
    map.delete(key)
  }
}
