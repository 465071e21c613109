/** What the tests of enrolment stand on: a real database, one platform, and ports that remember what they were asked. */
import { createHash, generateKeyPairSync } from 'node:crypto'
import type { JsonObject } from '@muster/contract'
import sql from 'sql-template-tag'
import { createAudit } from '../audit/index.ts'
import { type Db, jsonText, type Log } from '../db/index.ts'
import { createEvents, type Events } from '../events/index.ts'
import { createEnrollment, type Enrollment } from './enrollment.ts'
import type { EnrollmentPorts } from './ports.ts'

export interface World {
  db: Db
  events: Events
  enrollment: Enrollment
  asked: {
    closed: number[]
    disenrol: number[]
    certificates: number[]
    moved: { from: number; to: number }[]
    facts: [number, JsonObject][]
  }
  /** Makes the next call of this port fail, as a crash between two steps would. */
  failNext(port: keyof EnrollmentPorts): void
  invite(o?: { user?: number; expiresInS?: number; platform?: string }): Promise<string>
  user(name: string): Promise<number>
  close(): Promise<void>
}

export async function openWorld(db: Db, log: Log): Promise<World> {
  for (const id of ['linux', 'windows']) {
    const descriptors = jsonText({
      enrolments: [{ id: 'agent', title: 'Agent', ownerships: ['byod', 'cope'] }],
    })
    await db.query(
      sql`insert into platform (id, title, installed, descriptors) values (${id}, ${id}, true, ${descriptors}::jsonb)`,
    )
  }
  await db.query(sql`
    insert into authority (role, subject, certificate, key_sealed, serial, not_before, not_after) values ('issuing', 'CN=test', '', '', '01', now(), now() + interval '1 day')`)
  const events = createEvents({ db, log })
  const asked: World['asked'] = {
    closed: [],
    disenrol: [],
    certificates: [],
    moved: [],
    facts: [],
  }
  const failing = new Set<string>()
  const trip = (port: keyof EnrollmentPorts) => {
    if (failing.delete(port)) throw new Error(`${port} failed`)
  }
  const ports: EnrollmentPorts = {
    closeEpoch: async (_tx, channels) => {
      trip('closeEpoch')
      asked.closed.push(...channels)
    },
    demandRemoval: async () => trip('demandRemoval'),
    sendDisenrol: async (_tx, o) => {
      trip('sendDisenrol')
      asked.disenrol.push(o.channel)
    },
    writeFacts: async (_tx, reports) => {
      trip('writeFacts')
      for (const { device, facts } of reports) asked.facts.push([device, facts])
    },
    revokeCertificates: async (_tx, channels) => {
      trip('revokeCertificates')
      asked.certificates.push(...channels)
    },
    certify: async (invitation, csr) => {
      trip('certify')
      const der = createHash('sha256').update(csr).digest()
      await db.query(sql`
        insert into certificate (serial, fingerprint, authority, invitation, subject, certificate, not_before, not_after)
        select ${der.toString('hex')}, ${createHash('sha256').update(der).digest()}, no, ${invitation}, 'CN=invited', ${der}, now(), now() + interval '1 day' from authority limit 1`)
      return [der]
    },
    moveChannels: async (_tx, moved) => {
      trip('moveChannels')
      asked.moved.push(...moved)
    },
    organisation: () => 'Example Corp',
  }
  const enrollment = createEnrollment({
    db,
    events,
    audit: createAudit({ db, log, signingKey: generateKeyPairSync('ed25519').privateKey }),
    log,
    ports,
  })
  return {
    db,
    events,
    enrollment,
    asked,
    failNext: (port) => failing.add(port),
    invite: async (o = {}) =>
      (
        await enrollment.invite({
          platform: 'linux',
          ownership: 'cope',
          actor: 'user:admin',
          ...o,
        })
      ).code,
    user: async (name) =>
      (await db.query<{ no: number }>(sql`insert into app_user (name) values (${name}) returning no`))[0]!.no,
    close: () => events.close(),
  }
}
