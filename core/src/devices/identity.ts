/** Who speaks: from a token, certificate or key to its channel, without a statement while it is cached. */
import { hash as digestOf } from 'node:crypto'
import type { Refusal } from '@muster/contract'
import sql, { raw } from 'sql-template-tag'
import { type Db, gather } from '../db/index.ts'
import { type KnownChannel, readChannels } from './channels.ts'
import { createCredentials, type Kind } from './credentials.ts'
import { createHeads } from './heads.ts'

/** What the key manager says of a device's access token. */
export interface DeviceTokens {
  channelOfToken(token: string): Promise<{ channel: number; expires: Date } | Refusal>
}
export type Proof = { certificate: Uint8Array } | { bearer: string } | { key: string }

export interface Identity {
  /** `fresh`: asks the database whose it is, whatever is cached. */
  identify(proof: Proof, fresh?: true): Promise<KnownChannel | Refusal>
  /** The channel of a token or certificate that was proved before, from memory alone; to look at now, not to keep or copy. */
  remembered(proof: { bearer: string } | { certificate: Uint8Array }): KnownChannel | undefined
  /** The channel as it is now; undefined when there is none. */
  channel(no: number): Promise<KnownChannel | undefined>
  /** The same from memory alone; undefined: not known here, or not surely any more. */
  known(no: number): KnownChannel | undefined
  /** What is cached of these channels and their credentials is asked anew. */
  forget(channels: readonly number[]): void
  /** The channel's enrolment became active: what is known otherwise is asked anew. */
  enrolled(channel: number, epoch: number): void
  /** The channel as its change left it: its credentials stay as they were. */
  changed(channel: KnownChannel): void
  forgetAll(): void
  size(): number
}

/** The longest silence of the bus before nothing cached is believed, and the words kept for look-ups under way. */
const limits = { staleMs: 5_000, words: 10_000 }

/**
 * Staleness: revocations reach every node over the event bus; when the bus was not heard for 5 s, the database is asked each time.
 * A credential is good for the version of its channel that it was proved with, so forgetting a channel at once outdates every credential of it.
 */
export function createIdentity(o: {
  db: Db
  tokens: DeviceTokens
  busSilentMs: () => number
  now?: () => number
}): Identity {
  const now = o.now ?? Date.now
  const credentials = createCredentials()
  const heads = createHeads(() => credentials.clear())
  const words = createWords()
  const digests = createDigests()
  const read = gather(
    async (nos: number[]) =>
      new Map((await readChannels(o.db, sql`c.no = any(${nos}::bigint[])`)).map((c) => [c.no, c])),
  )

  const known = (no: number) => (o.busSilentMs() <= limits.staleMs ? heads.get(no) : undefined)
  async function channel(no: number): Promise<KnownChannel | undefined> {
    const there = known(no)
    if (there) return there
    const [found, current] = await words.during(() => read(no))
    if (found && current(no)) heads.put(found)
    return found
  }
  function cached(
    kind: Kind,
    digest: Buffer,
    head: (no: number) => KnownChannel | undefined = heads.get,
  ): KnownChannel | undefined {
    if (o.busSilentMs() > limits.staleMs) return undefined
    const proved = credentials.get(kind, digest)
    if (!proved || heads.version(proved.channel) !== proved.version || proved.untilS * 1000 <= now()) return undefined
    return head(proved.channel)
  }
  /** Asked in crowds while devices enrol and come back. */
  const credential = gather(async (asked: string[]) => {
    // Planned each time: a plan that is kept may be from before there was anything to find.
    const rows = await o.db.query<CredentialRow & { asked: string }>({ text: credentialText, values: [asked] })
    return new Map(rows.map((row) => [row.asked, row]))
  })
  async function look(proof: Proof, hash: Buffer): Promise<{ channel: number; expires: Date } | Refusal> {
    if ('bearer' in proof) return o.tokens.channelOfToken(proof.bearer)
    const kind = 'key' in proof ? 'key' : 'certificate'
    const row = await credential(`${kind} ${hash.toString('hex')}`)
    if (!row) return { refused: 'unknown' }
    // The device is gone before its credential is: the farewell names the truer reason.
    if (row.closed) return { refused: 'gone' }
    if (row.revoked) return { refused: 'revoked' }
    if (row.succeeds && (row.expires?.getTime() ?? 0) > now()) await cutShort(o.db, hash)
    return { channel: row.channel, expires: row.expires ?? new Date(8.64e15) }
  }
  /** Kept only when nothing was heard of its channel since the look-up began. */
  async function prove(proof: Proof, kind: Kind, digest: Buffer): Promise<KnownChannel | Refusal> {
    const [answer, current] = await words.during(async () => {
      const found = await look(proof, digest)
      if ('refused' in found) return { refusal: found }
      if (found.expires.getTime() <= now()) return { refusal: { refused: 'expired' as const } }
      return { found, head: await channel(found.channel) }
    })
    if (answer.refusal) return answer.refusal
    const { found, head } = answer
    if (!head) return { refused: 'unknown' }
    if (head.lifecycle === 'removed') return { refused: 'gone' }
    const version = heads.version(head.no)
    if (version > 0 && current(head.no))
      credentials.put(kind, digest, { channel: head.no, version, untilS: Math.floor(found.expires.getTime() / 1000) })
    return head
  }
  function forget(nos: readonly number[]): void {
    for (const no of nos) heads.forget(no)
    words.heard(nos)
  }
  return {
    channel,
    known,
    identify: async (proof, fresh) => {
      const [kind, bytes] =
        'certificate' in proof
          ? (['certificate', proof.certificate] as const)
          : 'bearer' in proof
            ? (['bearer', proof.bearer] as const)
            : (['key', proof.key] as const)
      const digest =
        'bearer' in proof
          ? digests.of(proof.bearer)
          : 'certificate' in proof
            ? fingerprintOf(proof.certificate)
            : digestOf('sha256', bytes, 'buffer')
      return (fresh ? undefined : cached(kind, digest)) ?? prove(proof, kind, digest)
    },
    remembered: (proof) =>
      'bearer' in proof
        ? cached('bearer', digests.of(proof.bearer), heads.glance)
        : cached('certificate', fingerprintOf(proof.certificate), heads.glance),
    forget,
    enrolled: (no, epoch) => {
      const known = heads.get(no)
      if (known?.lifecycle !== 'active' || known.epoch !== epoch) forget([no])
    },
    changed: (head) => {
      words.heard([head.no])
      heads.renew(head)
    },
    forgetAll: () => {
      heads.clear()
      credentials.clear()
      words.all()
    },
    size: credentials.size,
  }
}

interface CredentialRow {
  channel: number
  expires: Date | null
  revoked: Date | null
  closed: boolean
  /** A certificate that came after others which are good for longer than they are needed beside it. */
  succeeds: boolean
}
const overlapDays = 7
const outlasting = raw(
  `o.kind = 'certificate' and o.revoked is null and o.expires > now() + ${overlapDays} * interval '1 day'`,
)
/** By kind and hash in hexadecimal. Of its own kind only: the hash of a client's id stands there too, and ids are no secrets. */
const credentialText = `
  select a.asked, k.channel, k.expires, k.revoked, c.closed is not null as closed, k.kind = 'certificate' and exists (
    select from credential o where o.channel = k.channel and o.created < k.created and ${outlasting.sql}) as succeeds
  from unnest($1::text[]) as a (asked) join credential k on k.hash = decode(split_part(a.asked, ' ', 2), 'hex') and k.kind = split_part(a.asked, ' ', 1)
    left join channel c on c.no = k.channel`

/** The device took its next certificate into use: those before it end soon. Until then a lost answer, or a device that could not install it, locks nobody out. */
async function cutShort(db: Db, hash: Buffer): Promise<void> {
  await db.affected(sql`
    update credential o set expires = now() + ${overlapDays} * interval '1 day' from credential c
    where c.hash = ${hash} and o.channel = c.channel and o.created < c.created and ${outlasting}`)
}

/** Tokens whose digests are remembered, as many as may be in the middle of an exchange; a power of two. */
const lately = 4096

/** Who fetches something tells of it soon after, and each asks twice in a row: digests of tokens that spoke just now are made once. */
function createDigests() {
  const tokens: string[] = new Array(lately).fill('')
  const digests: Buffer[] = new Array(lately).fill(digestOf('sha256', '', 'buffer'))
  return {
    of: (bearer: string): Buffer => {
      const n = bearer.length
      // The end of a token is as good as chance; two that meet in one place only cost each other the digest.
      const place =
        (bearer.charCodeAt(n - 1) ^ (bearer.charCodeAt(n - 2) << 3) ^ (bearer.charCodeAt(n - 3) << 6)) & (lately - 1)
      if (bearer !== tokens[place]) {
        // Asked for as a buffer, which is made outside of the usual place for small ones, it would cost thrice as much.
        digests[place] = Buffer.from(digestOf('sha256', bearer, 'binary'), 'latin1')
        tokens[place] = bearer
      }
      return digests[place] as Buffer
    },
  }
}

const print = Symbol('SHA-256')
interface Printed extends Uint8Array {
  readonly [print]?: Buffer
}
/** Whoever reads certificates gives the same object for the same one, whose bytes nobody changes: each is digested once, and its digest goes where it goes. A weak map beside it would have to be looked through with each collection of garbage. */
function fingerprintOf(certificate: Printed): Buffer {
  const there = certificate[print]
  if (there) return there
  const made = Buffer.from(digestOf('sha256', certificate, 'binary'), 'latin1')
  // Nobody who lists or compares it sees it.
  Object.defineProperty(certificate, print, { value: made })
  return made
}

/** What was heard of channels while look-ups are under way: their answers may be from before it. */
function createWords() {
  let under = 0
  let heard = new Set<number>()
  /** Counts the times that everything was forgotten. */
  let all = 0

  function forgotten(): void {
    all += 1
    heard = new Set()
  }
  return {
    all: forgotten,
    heard: (nos: readonly number[]) => {
      if (under === 0) return
      for (const no of nos) heard.add(no)
      if (heard.size > limits.words) forgotten()
    },
    /** `current`: nothing was heard of the channel since this look-up began, or an earlier one that is still under way. Ask it at once. */
    during: async <T>(work: () => Promise<T>): Promise<[T, (no: number) => boolean]> => {
      const before = all
      under += 1
      try {
        const answer = await work()
        const words = heard
        return [answer, (no) => before === all && !words.has(no)]
      } finally {
        under -= 1
        if (under === 0) heard = new Set()
      }
    },
  }
}
