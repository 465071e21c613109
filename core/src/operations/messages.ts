/** The message log: every message in and out, written with the batch it belongs to and sealed once for all of it. Idle polls never come here. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { numberArray, type Tx, textArray } from '../db/index.ts'
import { SecretProblem, type Secrets } from '../secrets/index.ts'

export interface LoggedMessage {
  channel: number
  outbound: boolean
  outcome: string
  raw: Uint8Array
}
/** Where a message sealed by itself belongs (as before 0004), where those of a batch do, and where they do when they were made small before. */
const places = { one: 'message|log|sealed', batch: 'message|log|batch', small: 'message|log|deflated' } as const
/** Kept of one message at most (the rest is cut and `size` tells the truth), and sealed as one, unless a single message is more. */
const most = { message: 256 * 1024, sealed: 512 * 1024 } as const
/** Bytes from which a pack is made small: messages of a batch are much alike, and a twentieth of them is left. */
const worthwhile = 1024

interface Pack {
  messages: LoggedMessage[]
  places: number[]
  bytes: Uint8Array[]
}

/** The first message of a pack carries the bytes of all; places are counted over all packs of the batch. Every statement is issued at once. */
export async function writeMessages(tx: Tx, secrets: Secrets, messages: readonly LoggedMessage[]): Promise<void> {
  const written = packed(messages).map(({ messages: all, places: at, bytes }) =>
    tx.query({
      name: 'write-messages',
      text: `insert into message (channel, outbound, outcome, size, place, carrier, sealed)
        select channel, outbound, outcome, size, place, $6::bigint, case when ord = 1 then $7::bytea end
        from unnest($1::bigint[], $2::boolean[], $3::text[], $4::integer[], $5::integer[]) with ordinality as x (channel, outbound, outcome, size, place, ord)`,
      values: [
        numberArray(all.map((m) => m.channel)),
        `{${all.map((m) => m.outbound).join()}}`,
        textArray(all.map((m) => m.outcome)),
        numberArray(all.map((m) => m.raw.length)),
        numberArray(at),
        all[0]?.channel,
        sealedPack(secrets, Buffer.concat(bytes)),
      ],
    }),
  )
  await Promise.all(written)
}

function sealedPack(secrets: Secrets, bytes: Buffer): Buffer {
  return bytes.length < worthwhile
    ? secrets.seal(places.batch, bytes)
    : secrets.seal(places.small, deflateRawSync(bytes, { level: 1 }))
}

/** A pack's bytes; its place is proven by what opens it. */
function openPack(secrets: Secrets, sealed: Buffer): Buffer {
  let small: Buffer
  try {
    small = secrets.open(places.small, sealed)
  } catch (error) {
    if (error instanceof SecretProblem && error.code === 'sealed-elsewhere') return secrets.open(places.batch, sealed)
    throw error
  }
  return inflateRawSync(small, { maxOutputLength: most.sealed + most.message })
}

function packed(messages: readonly LoggedMessage[]): Pack[] {
  const packs: Pack[] = []
  let room = 0
  let place = 0
  for (const m of messages) {
    const bytes = m.raw.subarray(0, most.message)
    let pack = packs.at(-1)
    if (!pack || bytes.length > room) {
      pack = { messages: [], places: [], bytes: [] }
      packs.push(pack)
      room = most.sealed
    }
    pack.messages.push(m)
    pack.places.push(place)
    pack.bytes.push(bytes)
    room -= bytes.length
    place += bytes.length
  }
  return packs
}

/** A message's bytes out of what was sealed. `place`: in its pack; null when it was sealed by itself. */
export function openMessage(secrets: Secrets, m: { sealed: Buffer; place: number | null; size: number }): Buffer {
  if (m.place === null) return secrets.open(places.one, m.sealed)
  const all = openPack(secrets, m.sealed)
  const end = m.place + Math.min(m.size, most.message)
  if (end > all.length) throw new SecretProblem('sealed-malformed', places.batch)
  return all.subarray(m.place, end)
}
