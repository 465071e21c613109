/** The message log as it is written: every message in and out, with the batch it belongs to and sealed once for all of it. Idle polls never come here. */
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
export const places = { one: 'message|log|sealed', batch: 'message|log|batch', small: 'message|log|deflated' } as const
/** Bytes kept of one message at most (the rest is cut, and its size tells the truth). */
export const keptOfOne = 256 * 1024
/** Bytes that are sealed as one, unless a single message is more; and messages of one pack, as each of them is read to find another. */
const most = { sealed: 512 * 1024, messages: 1_000 } as const
/** Bytes from which a pack is made small: messages of a batch are much alike, and a twentieth of them is left. */
const worthwhile = 1024

interface Pack {
  messages: LoggedMessage[]
  bytes: Uint8Array[]
}

/** One row for each pack, which is one in the usual case. Every statement is issued at once. */
export async function writeMessages(tx: Tx, secrets: Secrets, messages: readonly LoggedMessage[]): Promise<void> {
  const written = packed(messages).map(({ messages: all, bytes }) =>
    tx.query({
      name: 'write-messages',
      text: 'insert into message (channels, outbounds, outcomes, sizes, sealed) values ($1::bigint[], $2::boolean[], $3::text[], $4::integer[], $5::bytea)',
      values: [
        numberArray(all.map((m) => m.channel)),
        `{${all.map((m) => (m.outbound ? 't' : 'f')).join()}}`,
        all.some((m) => m.outcome !== '') ? textArray(all.map((m) => m.outcome)) : null,
        numberArray(all.map((m) => m.raw.length)),
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
export function openPack(secrets: Secrets, sealed: Buffer): Buffer {
  let small: Buffer
  try {
    small = secrets.open(places.small, sealed)
  } catch (error) {
    if (error instanceof SecretProblem && error.code === 'sealed-elsewhere') return secrets.open(places.batch, sealed)
    throw error
  }
  return inflateRawSync(small, { maxOutputLength: most.sealed + keptOfOne })
}

function packed(messages: readonly LoggedMessage[]): Pack[] {
  const packs: Pack[] = []
  let room = 0
  for (const m of messages) {
    const bytes = m.raw.length > keptOfOne ? m.raw.subarray(0, keptOfOne) : m.raw
    let pack = packs.at(-1)
    if (!pack || bytes.length > room || pack.messages.length >= most.messages) {
      pack = { messages: [], bytes: [] }
      packs.push(pack)
      room = most.sealed
    }
    pack.messages.push(m)
    pack.bytes.push(bytes)
    room -= bytes.length
  }
  return packs
}
