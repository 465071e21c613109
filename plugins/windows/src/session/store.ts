/** Where a session's memory is kept, sealed: with the channel, or in a table of its own when it is too large for that. */
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
