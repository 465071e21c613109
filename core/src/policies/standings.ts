/** The devices of a platform by how they stand to some policies: equal ones counted together, so that a whole fleet is judged by a few questions. */
import type { ChannelDetail, Json, JsonObject, Ownership, Reason } from '@muster/contract'
import sql, { empty, join, raw, type Sql } from 'sql-template-tag'
import { type Reach, reachSql } from '../access/index.ts'
import type { Sqlish } from '../db/index.ts'
import { pickRow, type Registry } from '../registry/index.ts'
import { assignmentSql } from './assignment.ts'
import type { Assignment, SetFeature } from './model.ts'
import { goesOver } from './wanted.ts'

export interface Standing {
  /** What the devices counted here have in common, as the database wrote it. */
  readonly key: string
  readonly devices: number
  /** Which of the policies asked about reach them, by index. */
  readonly list: readonly number[]
  /** Kinds of their channels. */
  readonly kinds: readonly string[]
  /** Variables asked about that they have no value for. */
  readonly missing: readonly string[]
  readonly known: Known
}
interface Known {
  readonly ownership: Ownership
  readonly blocked: boolean
  readonly facts: JsonObject
  readonly variables: Readonly<Record<string, string>>
  /** By kind of channel. */
  readonly channels: Readonly<Record<string, { push: Json; state: Json }>>
}
export interface Question {
  readonly platform: string
  readonly reach: Reach
  readonly policies: readonly { readonly assignment: Assignment }[]
  /** Settings whose delivery is asked about. */
  readonly features: readonly SetFeature[]
  /** Only this device. */
  readonly device?: number
}
export interface Standings {
  readonly all: readonly Standing[]
  /** Why devices that stand so cannot be given this; undefined when they can. */
  refusal(s: Standing, of: SetFeature): Reason | undefined
  /** FROM of the devices `d` that stand in one of these ways. */
  devices(keys: readonly string[]): Sql
}

/** What rows were seen to look at. */
interface Asked {
  readonly facts: Set<string>
  readonly variables: Set<string>
  everyFact: boolean
  channels: boolean
}
const rounds = 12
const noChannel: Reason = { code: 'no-channel', text: 'This device has no channel over which it could be set.' }
/** As channels give them to rows; all others are the device's own. */
const standingWords: Readonly<Record<string, Sql>> = {
  'device.id': raw('d.id::text'),
  'device.name': raw(`nullif(d.name, '')`),
  'device.serial': raw(`nullif(d.serial, '')`),
  'user.name': raw(`nullif(u.name, '')`),
  'user.email': raw(`nullif(u.email, '')`),
  'user.displayName': raw(`nullif(u.display_name, '')`),
}

/**
 * Rows say by `when` whether a device can do a feature, and only they know what they look at. So they are asked about devices of which nothing is known yet, and
 * what they look for is read of all devices in the next round, until they look for nothing new: as many statements as there are rounds, whatever the fleet.
 */
export async function readStandings(on: Sqlish, registry: Registry, q: Question): Promise<Standings> {
  const asked: Asked = { facts: new Set(), variables: new Set(), everyFact: false, channels: false }
  for (let round = 1; ; round += 1) {
    const base = keyed(q, registry, asked)
    const rows = await on.query<{ key: string; n: number }>(
      sql`select key, count(*)::integer as n from (${base}) x group by 1 order by 1`,
    )
    const all = rows.map((r) => standing(r.key, r.n))
    const before = sizeOf(asked)
    const refusal = (s: Standing, of: SetFeature) => refused(registry, q.platform, s, of, asked)
    for (const s of all) for (const of of q.features) refusal(s, of)
    if (sizeOf(asked) === before || round === rounds)
      return {
        all,
        refusal,
        devices: (keys) => sql`(${base}) x join device d using (no) where x.key = any(${keys}::text[])`,
      }
  }
}

function sizeOf(a: Asked): number {
  return a.facts.size + a.variables.size + Number(a.everyFact) + Number(a.channels)
}

/** Each device with what it has in common with others, as one text. */
function keyed(q: Question, registry: Registry, asked: Asked): Sql {
  const list = q.policies.map(
    (p, i) => sql`case when ${assignmentSql(p.assignment, q.platform, registry, false)} then ${i}::int end`,
  )
  const used = [...new Set(q.features.flatMap((f) => f.variables))]
  const missing = used.map((name) => sql`case when ${variable(name)} is null then ${name}::text end`)
  const facts = asked.everyFact
    ? sql`d.facts`
    : asked.facts.size === 0
      ? sql`'{}'::jsonb`
      : sql`coalesce((select jsonb_object_agg(k, d.facts -> k) from unnest(${[...asked.facts]}::text[]) k where d.facts ? k), '{}')`
  const variables = [...asked.variables].flatMap((name) => [sql`${name}::text`, variable(name)])
  const channels = asked.channels
    ? sql`jsonb_object_agg(split_part(c.name, ':', 1), jsonb_build_object('push', c.push, 'state', c.state))`
    : sql`'{}'::jsonb`
  const only = q.device === undefined ? empty : sql`and c.device = ${q.device}`
  return sql`select d.no, jsonb_build_array(array_remove(array[${join(list.length > 0 ? list : [sql`null::int`])}]::int[], null), coalesce(k.kinds, '{}'), array_remove(array[${join(missing.length > 0 ? missing : [sql`null::text`])}]::text[], null),
      d.ownership, d.blocked, ${facts}, jsonb_strip_nulls(jsonb_build_object(${join(variables.length > 0 ? variables : [sql`''`, sql`null::text`])})), coalesce(k.channels, '{}'))::text as key
    from device d left join app_user u on u.no = d.owner
      left join (select c.device, array_agg(distinct split_part(c.name, ':', 1)) as kinds, ${channels} as channels from channel c where c.closed is null ${only} group by 1) k on k.device = d.no
    where d.lifecycle = 'active' and d.platform = ${q.platform} and ${reachSql(q.reach)} ${q.device === undefined ? empty : sql`and d.no = ${q.device}`}`
}

function variable(name: string): Sql {
  const own = sql`d.variables ->> ${name}::text`
  const standing = Object.hasOwn(standingWords, name) ? standingWords[name] : undefined
  return standing ? sql`coalesce(${own}, ${standing})` : own
}

function standing(key: string, devices: number): Standing {
  const [list, kinds, missing, ownership, blocked, facts, variables, channels] = JSON.parse(key) as [
    number[],
    string[],
    string[],
    Ownership,
    boolean,
    JsonObject,
    Record<string, string>,
    Known['channels'],
  ]
  return { key, devices, list, kinds, missing, known: { ownership, blocked, facts, variables, channels } }
}

/** As delivering would find it: the channel it goes over, the row that can, and its variables. */
function refused(registry: Registry, platform: string, s: Standing, of: SetFeature, asked: Asked): Reason | undefined {
  const rows = registry.featureRows(platform, of.feature)
  if (rows.length === 0) return { code: 'unsupported', text: 'This platform cannot do it.' }
  const kind = s.kinds.find((k) => goesOver(rows, k, s.kinds))
  if (kind === undefined) return noChannel
  const picked = pickRow(rows, watched(platform, kind, s.known, asked))
  if ('reason' in picked) return picked.reason
  const lacking = of.variables.filter((name) => s.missing.includes(name))
  return lacking.length === 0
    ? undefined
    : { code: 'missing-variable', text: `This device has no value for ${lacking.join(', ')}.` }
}

/** A channel that notes what is looked at. */
function watched(platform: string, kind: string, known: Known, asked: Asked): ChannelDetail {
  const channel = () => {
    asked.channels = true
    return Object.hasOwn(known.channels, kind) ? known.channels[kind] : undefined
  }
  return {
    no: 0,
    device: '',
    platform,
    epoch: 1,
    name: kind,
    lifecycle: 'active',
    blocked: known.blocked,
    ownership: known.ownership,
    facts: noting(
      known.facts,
      (name) => asked.facts.add(name),
      () => {
        asked.everyFact = true
      },
    ),
    variables: noting(known.variables, (name) => asked.variables.add(name)),
    get push() {
      return channel()?.push ?? null
    },
    get state() {
      return channel()?.state ?? null
    },
  }
}

function noting<T extends object>(of: T, named: (name: string) => void, all?: () => void): T {
  const note = (name: string | symbol) => {
    if (typeof name === 'string') named(name)
  }
  return new Proxy(of, {
    get(target, name) {
      note(name)
      return Reflect.get(target, name)
    },
    has(target, name) {
      note(name)
      return Reflect.has(target, name)
    },
    getOwnPropertyDescriptor(target, name) {
      note(name)
      return Reflect.getOwnPropertyDescriptor(target, name)
    },
    ownKeys(target) {
      all?.()
      return Reflect.ownKeys(target)
    },
  })
}
