/** What the database says at the end of a run: everything that the judge compares, read by SQL alone and not through the server that is judged. */
import { type Db, operationWireId } from '@muster/core'
import type { HistoryRow } from '@muster/fleet'

export interface OperationFact extends HistoryRow {
  readonly channel: number
  readonly activity: number
  readonly open: boolean
}
export interface Facts {
  readonly operations: readonly OperationFact[]
  readonly activities: readonly {
    readonly no: number
    readonly operation: string
    readonly actor: string
    readonly idem: string | null
    readonly targets: number
    readonly urgent: boolean
    readonly cancelled: boolean
  }[]
  readonly tally: readonly { readonly activity: number; readonly state: string; readonly n: number }[]
  readonly devices: readonly { readonly id: string; readonly lifecycle: string }[]
  /** Enrolments that were activated. */
  readonly enrolments: readonly { readonly device: string; readonly epoch: number }[]
  readonly versions: readonly { readonly policy: number; readonly version: number; readonly current: number }[]
  readonly outbox: readonly { readonly id: string; readonly type: string; readonly data: Record<string, unknown> }[]
  readonly audit: readonly {
    readonly act: string
    readonly subject: string | null
    readonly detail: Record<string, unknown>
    readonly sealed: boolean
  }[]
  /** What devices said that was nobody's: why, and when. */
  readonly unmatched: readonly { readonly ref: string; readonly why: string; readonly at: string }[]
  /** Channels of active devices that do not have what they should, or of which that is not known. */
  readonly unsettled: readonly { readonly device: string; readonly feature: string; readonly state: string }[]
}

const operations = `
  select d.id as device, o.channel, o.activity, o.state, o.reason, o.at, o.open from (
    select channel, activity, state, reason, updated as at, true as open from pending
    union all select channel, activity, state, reason, at, false from history) o
  join activity a on a.no = o.activity join channel c on c.no = o.channel join device d on d.no = c.device
  where a.kind = 'operation' order by o.activity, o.channel`
const activities = `
  select no, operation, actor, idem, targets, urgent, cancelled is not null as cancelled from activity where kind = 'operation' order by no`
const enrolments = `
  select d.id as device, e.epoch from enrolment e join device d on d.no = e.device where e.activated is not null`
const versions = `
  select v.policy, v.version, p.version as current from policy_version v join policy p on p.no = v.policy order by 1, 2`
const outbox = `
  select xid::text || '.' || no as id, type, data from outbox order by outbox.xid, no`
const unsettled = `
  select d.id as device, coalesce(f.feature, '-') as feature, coalesce(f.state, 'not applied') as state
  from channel_set cs join channel c on c.no = cs.channel join device d on d.no = c.device and d.lifecycle = 'active'
    left join feature_state f on f.channel = cs.channel and f.state in ('pending', 'sent', 'acknowledged', 'drifted')
  where c.closed is null and (f.feature is not null or cs.desired is distinct from cs.applied or cs.redo <> '{}')`

type Operation = Omit<OperationFact, 'id' | 'updatedAt'> & { at: Date }

export async function readFacts(db: Db): Promise<Facts> {
  const read = <T>(text: string) => db.query<T>({ text })
  return {
    operations: (await read<Operation>(operations)).map(({ at, ...o }) => ({
      ...o,
      id: operationWireId(o.channel, o.activity),
      updatedAt: at.toISOString(),
    })),
    activities: await read(activities),
    tally: await read('select activity, state, sum(n)::integer as n from tally group by 1, 2'),
    devices: await read('select id, lifecycle from device'),
    enrolments: await read(enrolments),
    versions: await read(versions),
    outbox: await read(outbox),
    audit: await read('select act, subject, detail, seq is not null as sealed from audit order by no'),
    unmatched: await read(`select ref, why, to_json(at)#>>'{}' as at from unmatched order by no`),
    unsettled: await read(unsettled),
  }
}

/** Operations and settings that are still open, of these devices. */
export async function openWork(db: Db, devices: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ what: string }>({
    text: `select d.id || ' ' || p.operation || ' ' || p.state as what from pending p join channel c on c.no = p.channel join device d on d.no = c.device where d.id = any($1::uuid[])
      union all select u.device || ' ' || u.feature || ' ' || u.state from (${unsettled}) u where u.device = any($1::uuid[])`,
    values: [devices],
  })
  return rows.map((r) => r.what)
}
