/** The next identity before the one in use ends: a renewed enrolment profile with a challenge that is good once and for one device. */
import { createHash, randomBytes } from 'node:crypto'
import {
  type Bytes,
  type Channel,
  type Delivery,
  isProblem,
  type JsonObject,
  type OpenPlatform,
} from '@muster/contract'
import { expect, readDer, tags, whole } from '@muster/kit/der'
import { signXml } from '../profiles/index.ts'
import type { Challenges } from '../scep/index.ts'
import { data } from '../wire/index.ts'
import { accountOf, enrolmentFact } from './account.ts'
import { commonParts, enrolmentProfile } from './profile.ts'
import type { EnrolDeps } from './routes.ts'

export interface Renewal {
  /** Spends the challenge of a renewal. */
  challenges: Challenges
  /** The errand `renewal`, when its device fetches it: the challenge is made only then, and is kept nowhere but in the profile. */
  command(d: Delivery): Promise<JsonObject>
  jobs: NonNullable<OpenPlatform['jobs']>
}
export const renewalErrand = 'renewal'
/** Said each day of a device whose identity ends within a week. */
export const endingEvent = 'apple.identity-ending'
export const renewalMigration = {
  name: '0002_renewal_challenge',
  sql: `create table renewal_challenge (hash bytea primary key, channel jsonb not null, expires timestamptz not null, key bytea, issued bytea[]);
  create index renewal_challenge_expires on renewal_challenge (expires);`,
}

const dayS = 86_400
const beginS = 30 * dayS
const alarmMs = 7 * dayS * 1000
const page = 1000
/** Tells its challenges from invitation codes, so that none of those costs a look here. */
const mark = 'renewal-'

export function createRenewal(o: EnrolDeps): Renewal {
  const { host } = o

  async function command(d: Delivery): Promise<JsonObject> {
    const { no, device, platform, epoch, name, lifecycle, blocked, ownership } = d.channel
    const channel: Channel = { no, device, platform, epoch, name, lifecycle, blocked, ownership }
    const challenge = `${mark}${randomBytes(24).toString('base64url')}`
    await host.sql`delete from renewal_challenge where expires < now()`
    await host.sql`insert into renewal_challenge (hash, channel, expires) values (${sha256(challenge)}, ${JSON.stringify(channel)}::jsonb, now() + interval '7 days')`
    const { topic, licence } = (d.channel.push ?? {}) as { topic?: string; licence?: string }
    if (!topic) throw new Error('a device without a push address is never reached')
    const parts = await commonParts(host, o.options)
    const account = accountOf(d.channel.facts)
    const automated = d.channel.facts[enrolmentFact] === 'automated'
    const xml = enrolmentProfile({ ...parts, topic, challenge, licence, ownership, account, automated })
    return { RequestType: 'InstallProfile', Payload: data(await signXml(host, xml)) }
  }

  /** One key has it, by compare-and-set; the same key again gets the same answer, as when the first was lost on its way. */
  async function challenges(challenge: string, csr: Bytes): Promise<Bytes[] | undefined> {
    if (!challenge.startsWith(mark)) return undefined
    const hash = sha256(challenge)
    const key = sha256(publicKeyOf(csr))
    const [row] = await host.sql<{ channel: Channel; issued: Buffer[] | null }>`
      update renewal_challenge set key = ${key} where hash = ${hash} and expires > now() and (key is null or key = ${key}) returning channel, issued`
    if (!row) return undefined
    if (row.issued) return row.issued
    try {
      const issued = await host.certificates.issue(row.channel, csr)
      await host.sql`update renewal_challenge set issued = ${issued.map((c) => Buffer.from(c))} where hash = ${hash} and key = ${key}`
      return issued
    } catch (e) {
      // A key that is not good enough spends nothing.
      if (isProblem(e))
        await host.sql`update renewal_challenge set key = null where hash = ${hash} and key = ${key} and issued is null`
      throw e
    }
  }

  async function renew(signal: AbortSignal): Promise<void> {
    let beyond = 0
    for (;;) {
      const ending = await host.certificates.ending(beginS, beyond)
      for (const { channel, notAfter } of ending) {
        if (signal.aborted) return
        beyond = channel.no
        if (channel.name === 'device' && channel.lifecycle === 'active') await remind(channel, notAfter)
      }
      if (ending.length < page) return
    }
  }
  async function remind(c: Channel, notAfter: Date): Promise<void> {
    await host.errand(c, renewalErrand, {}, renewalErrand)
    const now = host.clock.now()
    if (notAfter.getTime() - now.getTime() > alarmMs) return
    const event = { type: endingEvent, at: now.toISOString(), data: { notAfter: notAfter.toISOString() } }
    await host.turn(c, { take: 0, events: [event] })
  }

  return { challenges, command, jobs: [{ name: 'renewals', everyS: dayS, run: renew }] }
}

const sha256 = (of: string | Uint8Array): Buffer => createHash('sha256').update(of).digest()

/** SubjectPublicKeyInfo of a PKCS#10 request, as it stands. Throws DerError. */
function publicKeyOf(csr: Bytes): Uint8Array {
  const info = expect(readDer(csr).items[0], tags.sequence, 'request')
  return whole(expect(info.items[2], tags.sequence, 'public key'))
}
