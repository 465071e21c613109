/** Certificates: authorities of our own, what they issue to devices and this server, and what is revoked. */
import { createHash } from 'node:crypto'
import { Problem, type Refusal } from '@muster/contract'
import sql from 'sql-template-tag'
import { z } from 'zod'
import type { Audit } from '../audit/index.ts'
import { checkInput, type Db, gather, type Log, type Page, pageOf, readCursor, type Tx, together } from '../db/index.ts'
import type { Events, Follower } from '../events/index.ts'
import type { Secrets } from '../secrets/index.ts'
import { type Authorities, ensureAuthorities } from './authorities.ts'
import { currentCrl } from './crl.ts'
import { plainSerial } from './encoding.ts'
import { deviceSubject, signLeaf } from './leaf.ts'
import { type OwnCertificate, ownCertificate } from './own-certificate.ts'
import { readRequest } from './request.ts'
import { type ServerCertificate, serverCertificate } from './server-certificate.ts'
import {
  bySerial,
  type CertificateRow,
  endingSoon,
  type ForInvitation,
  holdChannel,
  insertCertificate,
  insertForInvitations,
  listCertificates,
  lockInvitations,
  ofInvitation,
  openChannel,
  revokeWhere,
} from './store.ts'
import { x509 } from './x509.ts'

export interface Issued {
  serial: string
  subject: string
  device: string | null
  notBefore: string
  notAfter: string
  revokedAt: string | null
  reason: string | null
}
export interface Identified {
  serial: string
  /** Null: a certificate of this server, not of a device. */
  channel: number | null
  expires: Date
}

export interface Certificates {
  /** Loads the authorities, or makes them at the first start; every node may call it at once. Must have resolved before anything else here is used. */
  ensureAuthorities(organisation: string): Promise<void>
  /** Certificates of the authorities, PEM and DER. */
  authorities(): { root: { pem: string; der: Buffer }; issuing: { pem: string; der: Buffer } }
  /**
   * Certifies the key of a PKCS#10 request for a channel, as a TLS client, and binds it as a credential. Leaf, intermediate, root in DER.
   * `validDays` 1 to 825, 365 when absent. Problems: invalid-request (`csr`), device-gone.
   */
  issue(channel: number, csr: Uint8Array, profile?: { validDays?: number }): Promise<Buffer[]>
  /** Issues the next one for a channel that proved itself: those it has work until 7 days after it was first used. Problems as of issue. */
  succeed(channel: number, csr: Uint8Array, profile?: { validDays?: number }): Promise<Buffer[]>
  /** Open channels of a platform whose certificate in use ends within so many seconds, in order of their numbers above `beyond`; at most 1,000. */
  ending(platform: string, withinS: number, beyond?: number): Promise<{ channel: number; notAfter: Date }[]>
  /**
   * Certifies a key for the device that will come with this invitation (row number; the caller has looked that it is open). It lets nobody in
   * until enrolment binds it. The same key again answers the same certificate; another key gets one only `instead` of the one with this fingerprint
   * (SHA-256), which is revoked. `name`: of the subject, 64 letters at most. Problems: invalid-request (`csr`), invitation-used (another key came first).
   */
  issueForInvitation(
    invitation: number,
    csr: Uint8Array,
    o?: { validDays?: number; instead?: Uint8Array; name?: string },
  ): Promise<Buffer[]>
  /** A certificate and key of this server's own for a platform's protocol, made or renewed when needed; without a statement while it is remembered. */
  own(purpose: string): Promise<OwnCertificate>
  /** Issues anew for the channel of a certificate that is still good; that one works for 7 more days, so a lost answer locks nobody out. Problems: not-found, wrong-state, those of issue. */
  renew(serial: string, csr: Uint8Array, profile?: { validDays?: number }): Promise<Buffer[]>
  /** One certificate, or all of a channel; a repeat changes nothing. Answers how many. Problem: not-found (serial). */
  revoke(o: ({ serial: string } | { channel: number }) & { reason: string; actor: string }): Promise<number>
  /** The same within a caller's transaction, which tells of it: enrolment's port. */
  revokeChannels(tx: Tx, channels: readonly number[], reason: string): Promise<void>
  list(o: { cursor?: string; limit: number; device?: string }): Promise<Page<Issued>>
  /** The revocation list in DER, signed by the intermediate. */
  crl(): Promise<Buffer>
  /** A TLS certificate for these host names and addresses, made or renewed when needed. */
  serverCertificate(hosts: readonly string[]): Promise<ServerCertificate>
  /** Whose certificate this is; the connection has proven that its key is theirs. Without a statement while it is cached. */
  identify(der: Uint8Array): Promise<Identified | Refusal>
  /** Follows revocations of other nodes. Before it, nothing is cached. */
  start(): Promise<void>
  stop(): Promise<void>
}

const profileShape = z.object({ validDays: z.number().int().min(1).max(825).default(365) })
const limits = { cached: 50_000, staleMs: 5_000, overlapDays: 7, ownMs: 3_600_000 } as const

export function createCertificates(d: {
  db: Db
  secrets: Secrets
  events: Events
  audit: Audit
  log: Log
  crlUrl?: string
}): Certificates {
  const { db, events, audit } = d
  const cache = new Map<string, Identified>()
  const owned = new Map<string, { certificate: Promise<OwnCertificate>; until: number }>()
  let heard = 0
  let loaded: Authorities | undefined
  let follower: Follower | undefined

  function need(): Authorities {
    if (!loaded) throw new Problem('starting')
    return loaded
  }

  async function issue(
    channel: number,
    csr: Uint8Array,
    profile: { validDays?: number } = {},
    within?: (tx: Tx) => Promise<void>,
  ): Promise<Buffer[]> {
    const a = need()
    const { validDays } = checkInput(profileShape, profile)
    const { publicKey, rsa } = await readRequest(csr)
    const head = await openChannel(db, channel)
    if (!head) throw new Problem('device-gone')
    const subject = deviceSubject({ organisation: a.organisation, device: head.device, channel: head.name })
    const names = [{ type: 'url' as const, value: `urn:uuid:${head.device}` }]
    const leaf = await signLeaf(a, {
      subject,
      names,
      usage: 'clientAuth',
      publicKey,
      rsa,
      validDays,
      now: head.now,
      crlUrl: d.crlUrl,
    })
    const der = leaf.rawData
    await db.tx(async (tx) => {
      if (!(await holdChannel(tx, channel))) throw new Problem('device-gone')
      await within?.(tx)
      await insertCertificate(tx, {
        serial: leaf.serialNumber,
        fingerprint: hashOf(der),
        authority: a.issuing.no,
        channel,
        subject: leaf.subject,
        der,
        notBefore: leaf.notBefore,
        notAfter: leaf.notAfter,
      })
      await audit.write(tx, {
        actor: `device:${head.device}`,
        act: 'certificate.issue',
        subject: `certificate:${leaf.serialNumber}`,
        detail: { device: head.device, channel, notAfter: leaf.notAfter.toISOString() },
      })
    })
    return [der, a.issuing.der, a.root.der]
  }

  async function issueForInvitation(
    invitation: number,
    csr: Uint8Array,
    { instead, name, ...profile }: { validDays?: number; instead?: Uint8Array; name?: string } = {},
  ): Promise<Buffer[]> {
    const a = need()
    const { validDays } = checkInput(profileShape, profile)
    const { publicKey, rsa } = await readRequest(csr)
    const subject = deviceSubject({
      organisation: a.organisation,
      device: name?.slice(0, 64) || `invitation ${invitation}`,
      channel: 'device',
    })
    const leaf = await signLeaf(a, {
      subject,
      names: [],
      usage: 'clientAuth',
      publicKey,
      rsa,
      validDays,
      now: (await clock('now'))!,
      crlUrl: d.crlUrl,
    })
    const der = leaf.rawData
    const made: ForInvitation = {
      serial: leaf.serialNumber,
      fingerprint: hashOf(der),
      authority: a.issuing.no,
      invitation,
      subject: leaf.subject,
      der,
      notBefore: leaf.notBefore,
      notAfter: leaf.notAfter,
    }
    const kept = await (instead ? keepOne({ made, instead }) : keep({ made }))
    // The same key again is given what it was given before.
    const same = kept === der || new (x509().X509Certificate)(new Uint8Array(kept)).publicKey.rawData
    if (same !== true && !Buffer.from(same).equals(Buffer.from(publicKey.rawData))) throw new Problem('invitation-used')
    return [kept, a.issuing.der, a.root.der]
  }
  /** Asked in crowds. */
  const clock = gather(async (_: 'now'[]) => {
    const [row] = await db.query<{ now: Date }>({ name: 'clock', text: 'select now()', values: [] })
    return new Map([['now' as const, row!.now]])
  })
  const keep = together<Keep, Buffer>({
    many: keepMany,
    alone: keepOne,
    keys: ({ made }) => [String(made.invitation)],
  })

  /** Those that are the first of their invitation, in one transaction. */
  async function keepMany(all: readonly Keep[]): Promise<(Buffer | undefined)[]> {
    return db.tx(async (tx) => {
      await lockInvitations(
        tx,
        all.map(({ made }) => made.invitation),
      )
      const written = new Set(
        await insertForInvitations(
          tx,
          all.map(({ made }) => made),
        ),
      )
      const first = all.filter(({ made }) => written.has(made.invitation))
      await audit.writeMany(tx, first.map(issuedEntry))
      return all.map(({ made }) => (written.has(made.invitation) ? made.der : undefined))
    })
  }
  /** What is kept for the invitation: this one, or the one that was there. */
  async function keepOne({ made, instead }: Keep): Promise<Buffer> {
    const { invitation, der } = made
    return db.tx(async (tx) => {
      await lockInvitations(tx, [invitation])
      const there = await ofInvitation(tx, invitation)
      if (there && !(instead && hashOf(there).equals(instead))) return there
      if (there)
        await revokeWhere(
          tx,
          { serial: new (x509().X509Certificate)(new Uint8Array(there)).serialNumber },
          'superseded',
        )
      await insertForInvitations(tx, [made])
      await audit.write(tx, issuedEntry({ made }))
      return der
    })
  }

  /** The same for years, and asked for with each profile that is signed: looked up once an hour. */
  function own(purpose: string): Promise<OwnCertificate> {
    const known = owned.get(purpose)
    if (known && known.until > Date.now()) return known.certificate
    const certificate = ownCertificate(d, need(), purpose)
    owned.set(purpose, { certificate, until: Date.now() + limits.ownMs })
    certificate.catch(() => owned.delete(purpose))
    return certificate
  }

  async function renew(serial: string, csr: Uint8Array, profile: { validDays?: number } = {}): Promise<Buffer[]> {
    const old = await bySerial(db, plainSerial(serial))
    if (!old || old.channel === null) throw new Problem('not-found')
    return issue(old.channel, csr, profile, async (tx) => {
      const [still] = await tx.query<{ fingerprint: Buffer }>(
        sql`select fingerprint from certificate where serial = ${old.serial} and revoked is null and not_after > now() for share`,
      )
      if (!still) throw new Problem('wrong-state', { state: old.revoked ? 'revoked' : 'expired' })
      await tx.affected(
        sql`update credential set expires = least(expires, now() + make_interval(days => ${limits.overlapDays})) where hash = ${still.fingerprint} and revoked is null`,
      )
    })
  }

  async function revoke(
    o: ({ serial: string } | { channel: number }) & { reason: string; actor: string },
  ): Promise<number> {
    const which = 'channel' in o ? { channels: [o.channel] } : { serial: plainSerial(o.serial) }
    return db.tx(async (tx) => {
      if (which.serial !== undefined && !(await bySerial(tx, which.serial))) throw new Problem('not-found')
      const revoked = await revokeWhere(tx, which, o.reason)
      for (const r of revoked)
        await audit.write(tx, {
          actor: o.actor,
          act: 'certificate.revoke',
          subject: `certificate:${r.serial}`,
          detail: { reason: o.reason, channel: r.channel },
        })
      const channels = [...new Set(revoked.flatMap((r) => (r.channel === null ? [] : [r.channel])))]
      if (channels.length > 0) await events.emit(tx, 'credentials.revoked', { channels })
      return revoked.length
    })
  }

  async function identify(der: Uint8Array): Promise<Identified | Refusal> {
    const hash = hashOf(der)
    const key = hash.toString('base64')
    const known = follower && events.freshness() <= limits.staleMs ? cache.get(key) : undefined
    if (known) return known.expires.getTime() > Date.now() ? known : { refused: 'expired' }
    const asked = heard
    const [row] = await db.query<{
      serial: string
      channel: number | null
      expires: Date
      over: boolean
      revoked: boolean
    }>(sql`
      select x.serial, x.channel, least(x.not_after, c.expires) as expires, least(x.not_after, c.expires) <= now() as over, x.revoked is not null or c.revoked is not null as revoked
      from certificate x left join credential c on c.hash = x.fingerprint where x.fingerprint = ${hash}`)
    if (!row) return { refused: 'foreign' }
    if (row.revoked) return { refused: 'revoked' }
    if (row.over) return { refused: 'expired' }
    const found = { serial: row.serial, channel: row.channel, expires: row.expires }
    // A revocation heard while the answer was on its way may concern it.
    if (follower && heard === asked) remember(key, found)
    return found
  }

  function remember(key: string, found: Identified): void {
    if (cache.size >= limits.cached) for (const old of [...cache.keys()].slice(0, limits.cached / 20)) cache.delete(old)
    cache.set(key, found)
  }

  async function start(): Promise<void> {
    follower ??= events.follow({ hears: ['credentials.revoked'] }, (batch) => {
      const dead = new Set(batch.flatMap((e) => e.data.channels))
      heard += dead.size
      if (dead.size > 0)
        for (const [key, found] of cache) if (found.channel !== null && dead.has(found.channel)) cache.delete(key)
    })
    await follower.ready
  }

  return {
    ensureAuthorities: async (organisation) => {
      loaded ??= await ensureAuthorities(d, organisation)
    },
    authorities: () => {
      const { root, issuing } = need()
      return { root: { pem: root.pem, der: root.der }, issuing: { pem: issuing.pem, der: issuing.der } }
    },
    issue: (channel, csr, profile) => issue(channel, csr, profile),
    succeed: (channel, csr, profile) => issue(channel, csr, profile),
    ending: (platform, withinS, beyond) => endingSoon(db, { platform, withinS, beyond: beyond ?? 0 }),
    issueForInvitation,
    own,
    renew,
    revoke,
    revokeChannels: async (tx, channels, reason) => {
      await revokeWhere(tx, { channels }, reason)
    },
    list: async (o) => {
      const before = o.cursor === undefined ? undefined : (readCursor(o.cursor, ['time', 'text']) as [string, string])
      const rows = await listCertificates(db, { before, limit: o.limit + 1, device: o.device })
      return pageOf(rows, o.limit, view, (r) => [r.not_before.toISOString(), r.serial])
    },
    crl: async () => currentCrl(db, need()),
    serverCertificate: async (hosts) => serverCertificate(d, need(), hosts),
    identify,
    start,
    stop: async () => {
      await follower?.stop()
      follower = undefined
      cache.clear()
    },
  }
}

interface Keep {
  made: ForInvitation
  /** In place of the one with this fingerprint. */
  instead?: Uint8Array
}
const issuedEntry = ({ made }: Keep) => ({
  actor: 'system',
  act: 'certificate.issue',
  subject: `certificate:${made.serial}`,
  detail: { invitation: made.invitation, notAfter: made.notAfter.toISOString() },
})

function hashOf(der: Uint8Array): Buffer {
  return createHash('sha256').update(der).digest()
}

function view(r: CertificateRow): Issued {
  return {
    serial: r.serial,
    subject: r.subject,
    device: r.device,
    notBefore: r.not_before.toISOString(),
    notAfter: r.not_after.toISOString(),
    revokedAt: r.revoked?.toISOString() ?? null,
    reason: r.reason,
  }
}
