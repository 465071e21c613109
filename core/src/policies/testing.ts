/** What the tests of policies stand on: a real database, a platform for differences and one for documents, and a fleet put there by SQL. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import {
  type ChannelDetail,
  type Descriptors,
  type FeatureDescriptor,
  feature,
  type JsonObject,
  type Outcome,
  type Platform,
  type Verdict,
} from '@muster/contract'
import sql from 'sql-template-tag'
import { z } from 'zod'
import { createAudit } from '../audit/index.ts'
import type { Db, Tx } from '../db/index.ts'
import { createEvents } from '../events/index.ts'
import { createRegistry } from '../registry/index.ts'
import { openSecrets } from '../secrets/index.ts'
import { silentLog, testDatabase } from '../testing/index.ts'
import type { ComplianceVerdict, Draft, Policies, SettingDelivery } from './model.ts'
import { createPolicies } from './policies.ts'
import type { Previews } from './preview-words.ts'

const banner = feature({
  id: 'toy.banner',
  title: 'Banner',
  summary: 'Text at sign-in.',
  settings: z.object({ text: z.string().max(200) }).strict(),
  merge: { rule: 'priority' },
  examples: [{ text: 'Hello' }],
})
const motd = feature({ ...banner, id: 'toy.motd', title: 'Message of the day' })
const hosts = feature({
  id: 'toy.hosts',
  title: 'Hosts',
  summary: 'Names that are allowed.',
  settings: z.object({ hosts: z.array(z.string()).max(5), note: z.string().optional() }).strict(),
  merge: { rule: 'union', lists: ['hosts'] },
  examples: [{ hosts: ['a'] }],
})
const wifi = feature({
  id: 'toy.wifi',
  title: 'Wi-Fi',
  summary: 'A network.',
  settings: z.object({ ssid: z.string(), psk: z.string().min(8), level: z.number().int().min(1).default(1) }).strict(),
  merge: { rule: 'priority' },
  secret: ['psk'],
  examples: [{ ssid: 'x', psk: '12345678', level: 1 }],
})
const networks = feature({
  id: 'toy.networks',
  title: 'Networks',
  summary: 'Several networks.',
  settings: z
    .object({
      networks: z
        .array(z.object({ ssid: z.string(), psk: z.string().min(8), level: z.number().default(1) }).strict())
        .max(4),
    })
    .strict(),
  merge: { rule: 'union', lists: ['networks'] },
  secret: ['networks/*/psk'],
  examples: [{ networks: [{ ssid: 'x', psk: '12345678', level: 1 }] }],
})
const newer = feature({ ...banner, id: 'toy.newer', title: 'New things' })
export const features: readonly FeatureDescriptor[] = [banner, motd, hosts, wifi, networks, newer]

function descriptors(own: readonly FeatureDescriptor[]): Descriptors {
  return {
    settings: z.object({}),
    deviceTypes: [{ id: 'toy.portable', title: 'Portable', formFactors: ['phone', 'laptop'] }],
    enrolments: [],
    facts: [],
    operations: [],
    features: own,
    events: [],
  }
}

/** The device reports what it has under the feature's id. */
function compare(id: string) {
  return (settings: JsonObject, facts: Readonly<JsonObject>): Verdict => {
    if (!Object.hasOwn(facts, id)) return { state: 'unknown', reason: { code: 'not-reported', text: 'Not reported.' } }
    if (JSON.stringify(facts[id]) === JSON.stringify(settings)) return { state: 'verified' }
    return { state: 'drifted', reason: { code: 'differs', text: 'It differs.' }, evidence: facts[id] ?? null }
  }
}
const row = (id: string) => ({
  channel: 'device' as const,
  examples: [],
  to: (s: JsonObject) => s,
  from: (reply: unknown) => reply as Outcome,
  check: compare(id),
})

const toy: Platform = {
  id: 'toy',
  title: 'Toy',
  settings: 'each',
  migrations: [],
  describe: () => descriptors(features),
  rows: () => ({
    operations: {},
    features: {
      'toy.banner': [row('toy.banner')],
      // Its texts are files of the device: a path is written by one feature alone.
      'toy.motd': [{ ...row('toy.motd'), keys: (s) => [`${s.text}`] }],
      'toy.hosts': [{ ...row('toy.hosts'), keys: (s) => (Array.isArray(s.hosts) ? s.hosts.map(String) : []) }],
      'toy.wifi': [{ ...row('toy.wifi'), needs: ['psk', 'unlock'], check: undefined }],
      'toy.networks': [{ ...row('toy.networks'), needs: ['networks/*/psk'] }],
      'toy.newer': [
        {
          ...row('toy.newer'),
          when: (c) => Number(c.facts.version) >= 2 || { code: 'too-old', text: 'Needs version 2.' },
        },
      ],
    },
  }),
  open: () => Promise.reject(new Error('not opened in these tests')),
}
const cloud: Platform = {
  ...toy,
  id: 'cloud',
  title: 'Cloud',
  settings: 'whole',
  describe: () => descriptors([]),
  rows: () => ({ operations: {}, features: { 'toy.banner': [row('toy.banner')], 'toy.motd': [row('toy.motd')] } }),
}

export interface TestDevice {
  readonly no: number
  readonly id: string
  readonly channel: number
}
export interface World {
  readonly db: Db
  readonly policies: Policies & Previews
  readonly told: ComplianceVerdict[]
  devices(
    n: number,
    o?: {
      platform?: string
      ownership?: string
      formFactor?: string
      owner?: number
      facts?: JsonObject
      variables?: Record<string, string>
    },
  ): Promise<TestDevice[]>
  detail(d: TestDevice, change?: Partial<ChannelDetail>): Promise<ChannelDetail>
  /** A published, active policy of one or more features. */
  policy(
    name: string,
    features: Draft['features'],
    o?: { platform?: string; assignment?: Draft['assignment'] },
  ): Promise<number>
  take(d: TestDevice, take?: number, change?: Partial<ChannelDetail>): Promise<SettingDelivery[]>
  say(d: TestDevice, id: string, outcome: Outcome): Promise<number[]>
  report(d: TestDevice, facts: JsonObject, change?: Partial<ChannelDetail>): Promise<number[]>
  states(d: TestDevice): Promise<Record<string, string>>
  /** Statements that this work issued. */
  statements(work: () => Promise<unknown>): Promise<number>
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  user(name: string): Promise<number>
  close(): Promise<void>
}

export async function openWorld(): Promise<World> {
  const { db, close } = await testDatabase()
  const log = silentLog
  const registry = createRegistry([toy, cloud])
  for (const id of ['toy', 'cloud'])
    await db.query(sql`insert into platform (id, title, installed, descriptors) values (${id}, ${id}, true, '{}')`)
  const events = createEvents({ db, log })
  const audit = createAudit({ db, log, signingKey: generateKeyPairSync('ed25519').privateKey })
  const secrets = await openSecrets({ db, keyFile: '', master: randomBytes(32) })
  const told: ComplianceVerdict[] = []
  const compliance = {
    onVerdict: async (_: Tx, rows: readonly ComplianceVerdict[]) => void told.push(...rows),
    onDesired: async () => undefined,
    onClosed: async () => undefined,
  }
  const escrow = async (_: Tx, needs: readonly { channel: number; names: readonly string[] }[]) =>
    new Map(
      needs.flatMap((n) => (n.names.includes('unlock') ? [[n.channel, { unlock: `of ${n.channel}` }] as const] : [])),
    )
  const policies = createPolicies({ db, events, audit, log, registry, secrets, compliance, escrow })
  const detail = (d: TestDevice, change: Partial<ChannelDetail> = {}) => readDetail(db, d, change)
  return {
    db,
    policies,
    told,
    detail,
    tx: (work) => db.tx(work),
    devices: (n, o = {}) => insertDevices(db, n, o),
    policy: async (name, all, o = {}) => {
      const made = await policies.create(
        { name, platform: o.platform ?? 'toy', assignment: o.assignment, features: all },
        'user:test',
      )
      await policies.publish(Number(made.id), 'user:test')
      return Number(made.id)
    },
    take: async (d, take = 10, change) => {
      const channel = await detail(d, change)
      return db.tx((tx) => policies.take(tx, [{ channel, take }]))
    },
    say: async (d, id, outcome) => {
      const channel = await detail(d)
      return db.tx((tx) => policies.settle(tx, [{ channel, id, outcome }]))
    },
    report: async (d, facts, change) => {
      const channel = await detail(d, change)
      return db.tx((tx) => policies.verdicts(tx, [{ channel, facts }]))
    },
    states: async (d) => {
      const rows = await db.query<{ feature: string; state: string; verb: string }>(
        sql`select feature, state, verb from feature_state where channel = ${d.channel} order by feature`,
      )
      return Object.fromEntries(rows.map((r) => [r.verb === 'drop' ? `-${r.feature}` : r.feature, r.state]))
    },
    statements: async (work) => {
      const before = db.statements
      await work()
      return db.statements - before
    },
    user: async (name) =>
      (await db.query<{ no: number }>(sql`insert into app_user (name) values (${name}) returning no`))[0]?.no ?? 0,
    close: async () => {
      await events.close()
      await secrets.close()
      await close()
    },
  }
}

async function insertDevices(db: Db, n: number, o: Parameters<World['devices']>[1] & object): Promise<TestDevice[]> {
  return db.query<TestDevice>(sql`with made as (
      insert into device (id, platform, ownership, form_factor, owner, facts, variables, lifecycle)
      select gen_random_uuid(), ${o.platform ?? 'toy'}, ${o.ownership ?? 'cope'}, ${o.formFactor ?? 'laptop'}, ${o.owner ?? null}, ${JSON.stringify(o.facts ?? {})}::jsonb, ${JSON.stringify(o.variables ?? {})}::jsonb, 'active'
      from generate_series(1, ${n}) returning no, id),
    enrolled as (insert into enrolment (device, epoch, ownership, state) select no, 1, ${o.ownership ?? 'cope'}, 'active' from made returning no, device),
    opened as (insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from enrolled returning no, device)
    select m.no, m.id, o.no as channel from made m join opened o on o.device = m.no order by m.no`)
}

async function readDetail(db: Db, d: TestDevice, change: Partial<ChannelDetail>): Promise<ChannelDetail> {
  const [row] = await db.query<
    Pick<ChannelDetail, 'platform' | 'ownership' | 'facts' | 'variables' | 'lifecycle' | 'blocked'>
  >(sql`select platform, ownership, facts, variables, lifecycle, blocked from device where no = ${d.no}`)
  if (!row) throw new Error(`no device ${d.no}`)
  return { no: d.channel, device: d.id, epoch: 1, name: 'device', push: null, state: null, ...row, ...change }
}
