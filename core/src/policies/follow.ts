/** Policies follow what happens elsewhere: devices that enrol, report, change hands or groups, and people whose roles change. */
import sql from 'sql-template-tag'
import type { EventRecord, Follower } from '../events/index.ts'
import { evaluate } from './evaluate.ts'
import type { Parts } from './take.ts'

const atOnce = 500
/** While devices enrol in crowds, those of this time are evaluated together. The first goes at once. */
const gatherMs = 250
/** Changes of an account that say nothing about which devices belong where. */
const quiet = new Set(['session', 'password', 'signed-in'])

const hears = ['device.enrolled', 'device.changed', 'device.reported', 'group.changed', 'user.changed'] as const

interface Heard {
  readonly devices: Set<string>
  readonly users: Set<number>
  readonly groups: Set<number>
}

/** Runs on a worker; two at once only repeat each other. Each evaluation is a transaction of its own. */
export function followChanges(parts: Parts): Follower {
  return parts.events.follow({ hears, everyMs: gatherMs }, async (batch) => {
    const heard = listen(batch)
    for (const platform of await platformsOfGroups(heard.groups, parts))
      await parts.db.tx((tx) => evaluate(tx, { platform }, parts), 'policy.follow')
    const devices = await devicesOf(heard, parts)
    for (let i = 0; i < devices.length; i += atOnce)
      await parts.db.tx((tx) => evaluate(tx, { devices: devices.slice(i, i + atOnce) }, parts), 'policy.follow')
  })
}

function listen(batch: readonly EventRecord<(typeof hears)[number]>[]): Heard {
  const heard: Heard = { devices: new Set(), users: new Set(), groups: new Set() }
  for (const e of batch) {
    if (e.type === 'device.enrolled' || e.type === 'device.changed') heard.devices.add(e.data.device)
    else if (e.type === 'device.reported') for (const device of e.data.devices) heard.devices.add(device)
    else if (e.type === 'group.changed') heard.groups.add(e.data.group)
    else if (e.type === 'user.changed' && !quiet.has(e.data.what)) heard.users.add(e.data.user)
  }
  return heard
}

/** Groups tell of few moved devices one by one, but of many only that the group changed: then its platforms are evaluated whole. */
async function platformsOfGroups(groups: ReadonlySet<number>, parts: Parts): Promise<string[]> {
  if (groups.size === 0) return []
  const rows = await parts.db.query<{
    platform: string
  }>(sql`select distinct p.platform from policy p join policy_version v on v.policy = p.no and v.version = p.version
    where p.state = 'active' and v.assignment->'groups' ?| ${[...groups].map(String)}::text[]`)
  return rows.map((r) => r.platform)
}

async function devicesOf(heard: Heard, parts: Parts): Promise<number[]> {
  if (heard.devices.size === 0 && heard.users.size === 0) return []
  const rows = await parts.db.query<{
    no: number
  }>(sql`select no from device where lifecycle = 'active' and id = any(${[...heard.devices]}::uuid[])
    union select no from device where lifecycle = 'active' and owner = any(${[...heard.users]}::bigint[]) order by no`)
  return rows.map((r) => r.no)
}
