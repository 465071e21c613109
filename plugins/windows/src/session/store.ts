/** Where a session's memory is kept, sealed: with the channel, or in a table of its own when it is too large for that; and what this node remembers of it. */
import { crc32 } from 'node:zlib'
import type { Channel, ChannelDetail, Json, PlatformHost } from '@muster/contract'
import { readTalk, type Talk } from './talk.ts'

export const talkMigration = {
  name: '0003_talk',
  sql: 'create table talk (channel bigint primary key, body bytea not null, at timestamptz not null default now())',
}
/** The core keeps 16 KB with a channel. */
const longest = 15_000
const place = (channel: number) => `talk|${channel}`
const elsewhere = 'table'

export function createStore(host: PlatformHost) {
  return {
    /** In one batch with other devices' reports. */
    save: async (c: Channel, t: Talk): Promise<void> => {
      const sealed = host.vault.seal(place(c.no), JSON.stringify(t))
      const text = Buffer.from(sealed).toString('base64')
      if (text.length > longest)
        await host.sql`insert into talk (channel, body) values (${c.no}, ${Buffer.from(sealed)}) on conflict (channel) do update set body = excluded.body, at = now()`
      await host.turn(c, { take: 0, state: { talk: text.length > longest ? elsewhere : text } })
    },
    load: async (c: Pick<ChannelDetail, 'no' | 'state'>): Promise<Talk | undefined> => {
      const kept = textIn(c.state)
      if (kept === undefined) return undefined
      if (kept !== elsewhere) return open(c.no, Buffer.from(kept, 'base64'))
      const [row] = await host.sql<{ body: Uint8Array }>`select body from talk where channel = ${c.no}`
      return row && open(c.no, row.body)
    },
    /** Large ones that nobody needs any more. */
    sweep: async (): Promise<void> => {
      await host.sql`delete from talk where at < now() - interval '1 day'`
    },
  }

  /** What was sealed with a key that is gone is forgotten: time hands over again what was under way. */
  function open(channel: number, sealed: Uint8Array): Talk | undefined {
    try {
      return readTalk(host.vault.open(place(channel), sealed))
    } catch (err) {
      host.log.warn({ err, channel }, 'the memory of a session could not be read')
      return undefined
    }
  }
}
export type TalkStore = ReturnType<typeof createStore>

function textIn(state: Json): string | undefined {
  const text = typeof state === 'object' && state !== null && !Array.isArray(state) ? state.talk : undefined
  return typeof text === 'string' ? text : undefined
}

/** The last message of a session on this node, and our answer to it. */
export interface Remembered {
  readonly talk: Talk
  readonly message: string
  /** What was said, by `heardAs`. */
  readonly heard: number
  readonly reply: Uint8Array | string
  /** `messageMark` of our answer, where commands went out in it. */
  readonly mark?: string
}
const limits = { talks: 4_000, known: 50_000, bytes: 64 * 1024 } as const

/** Of a message what tells its repeat from any other that bears its number: a device that changes its words under one number mistakes itself alone. */
export const heardAs = (raw: Uint8Array): number => raw.length * 2 ** 32 + crc32(raw)

/** A memory, not a record. */
export function createMemory() {
  const talks = new Map<number, Remembered>()
  const known = new Map<number, string>()
  const put = <V>(map: Map<number, V>, limit: number, no: number, value: V): void => {
    map.delete(no)
    if (map.size >= limit) for (const old of [...map.keys()].slice(0, limit / 10)) map.delete(old)
    map.set(no, value)
  }
  return {
    last: (channel: number): Remembered | undefined => talks.get(channel),
    /** What is large is kept in the database alone. */
    keep: (channel: number, r: Remembered): void => {
      if (r.reply.length > limits.bytes || weightOf(r.talk) > limits.bytes) talks.delete(channel)
      else put(talks, limits.talks, channel, r)
    },
    forget: (channel: number): void => {
      talks.delete(channel)
      known.delete(channel)
    },
    /** What the device last said of itself. */
    told: (channel: number): string | undefined => known.get(channel),
    tell: (channel: number, text: string): void => put(known, limits.known, channel, text),
  }
}

function weightOf(t: Talk): number {
  if (t.later.length === 0 && !t.partial && !Object.values(t.open).some((o) => o.results.length > 0)) return 0
  const results = Object.values(t.open).flatMap((o) => o.results.map((r) => r.data.length + r.uri.length))
  const later = t.later.map((p) => (p.data?.length ?? 0) + p.uri.length)
  return [...results, ...later].reduce((sum, n) => sum + n, t.partial?.data.length ?? 0)
}
