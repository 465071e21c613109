/** The settings of many channels read under lock, changed in memory, and written back as sets: the same few statements for one channel or a thousand. */
import type { Json, Reason } from '@muster/contract'
import { jsonText, type Tx } from '../db/index.ts'
import type { Row, Step } from './machine.ts'
import type { SetFeature } from './model.ts'

/** One row of channel_set with its feature_state rows. Change it through `apply`, `born` and `remove`. */
export interface ChannelState {
  readonly channel: number
  readonly device: number
  readonly deviceId: string
  /** Kinds of all open channels of the device. */
  readonly kinds: readonly string[]
  readonly desired: number | null
  applied: number | null
  readonly redo: Set<string>
  varsHash: string | null
  readonly rows: Map<string, Row>
  readonly loaded: ReadonlyMap<string, Row>
  readonly before: {
    readonly applied: number | null
    readonly redo: string
    readonly varsHash: string | null
    readonly dueSet: boolean
  }
  readonly changes: Map<string, Change>
  /** Settled without being sent, for compliance to hear. */
  readonly refused: { readonly of: SetFeature; readonly state: 'violated' | 'none'; readonly reason: Reason }[]
  /** Something can be fetched now. */
  ready: boolean
}
interface Change {
  leaseS?: number | null
  dueS?: number | null
  checked?: true
  renew?: true
}

export const newLife = {
  reason: null,
  evidence: null,
  attempts: 0,
  unreadable: 0,
  lost: 0,
  agains: 0,
  ref: null,
  kept: null,
  due: true,
  leaseOver: false,
  stale: false,
} as const

export function apply(c: ChannelState, feature: string, step: Step): void {
  const row = c.rows.get(feature)
  if (!row) throw new Error(`channel ${c.channel} has no ${feature}`)
  // What is planned next in this transaction reads these as the database will tell them.
  const due = step.dueS === undefined ? row.due : step.dueS === null || step.dueS <= 0
  const leaseOver = step.leaseS === undefined ? row.leaseOver : false
  c.rows.set(feature, { ...row, due, leaseOver, ...step.row })
  note(c, feature, step)
}

/** A new delivery number: what was said of the old one no longer counts. */
export function born(
  c: ChannelState,
  row: Omit<Row, 'delivery' | keyof typeof newLife> & Partial<Row>,
  times: Omit<Step, 'row'> = {},
): void {
  c.rows.set(row.feature, { ...newLife, delivery: 0, ...row })
  note(c, row.feature, { leaseS: null, dueS: null, ...times })
  const change = c.changes.get(row.feature)
  if (change) change.renew = true
}

export function remove(c: ChannelState, feature: string): void {
  c.rows.delete(feature)
  c.changes.set(feature, {})
}

function note(c: ChannelState, feature: string, times: Omit<Step, 'row'>): void {
  const change = c.changes.get(feature) ?? {}
  if (times.leaseS !== undefined) change.leaseS = times.leaseS
  if (times.dueS !== undefined) change.dueS = times.dueS
  if (times.checked) change.checked = true
  c.changes.set(feature, change)
}

/** Locks in the order of channels, so that two batches never wait for each other. Channels without settings are not in the answer. */
export async function loadChannels(
  tx: Tx,
  channels: readonly number[],
  only: 'all' | 'waiting',
): Promise<Map<number, ChannelState>> {
  const heads = await tx.query<Head>({
    name: `policies-lock-${only}`,
    text: only === 'all' ? lockAll : lockWaiting,
    values: [channels],
  })
  const states = new Map<number, ChannelState>()
  if (heads.length === 0) return states
  for (const h of heads) states.set(h.channel, opened(h))
  // Read after the locks are held: a snapshot from before could miss what another batch has just written.
  for (const { channel, ...row } of await tx.query<Row & { channel: number }>({
    name: 'policies-states',
    text: readStates,
    values: [[...states.keys()]],
  })) {
    const c = states.get(channel)
    c?.rows.set(row.feature, row)
    if (c) (c.loaded as Map<string, Row>).set(row.feature, row)
  }
  return states
}

interface Head {
  channel: number
  device: number
  device_id: string
  kinds: string[]
  desired: number | null
  applied: number | null
  redo: string[]
  vars_hash: string | null
  due_set: boolean
}

function opened(h: Head): ChannelState {
  return {
    channel: h.channel,
    device: h.device,
    deviceId: h.device_id,
    kinds: h.kinds,
    desired: h.desired,
    applied: h.applied,
    redo: new Set(h.redo),
    varsHash: h.vars_hash,
    rows: new Map(),
    loaded: new Map(),
    before: { applied: h.applied, redo: h.redo.join(' '), varsHash: h.vars_hash, dueSet: h.due_set },
    changes: new Map(),
    refused: [],
    ready: false,
  }
}

const lock = `select cs.channel, c.device, d.id as device_id, cs.desired, cs.applied, cs.redo, cs.vars_hash, cs.due is not null as due_set,
    array(select distinct split_part(s.name, ':', 1) from channel s where s.device = c.device and s.closed is null) as kinds
  from channel_set cs join channel c on c.no = cs.channel join device d on d.no = c.device where cs.channel = any($1::bigint[])`
const lockOrder = ' order by cs.channel for update of cs'
const lockAll = `${lock}${lockOrder}`
const lockWaiting = `${lock} and (cs.desired is distinct from cs.applied or cs.redo <> '{}')${lockOrder}`
const readStates = `select channel, feature, delivery, verb, hash, set_no as set, state, reason, evidence, attempts, unreadable, lost, agains, tries, placed, ref, kept,
    (due is null or due <= now()) as due, (state = 'sent' and coalesce(lease <= now(), true)) as "leaseOver", (verified_at is null or verified_at < now() - interval '15 minutes') as stale
  from feature_state where channel = any($1::bigint[])`

/** Writes what changed and nothing else; answers new delivery numbers by `channel feature`. */
export async function saveChannels(tx: Tx, states: Iterable<ChannelState>): Promise<Map<string, number>> {
  const fresh: Json[] = []
  const changed: Json[] = []
  const gone: Json[] = []
  const heads: Json[] = []
  for (const c of states) {
    for (const [feature, change] of c.changes) {
      const was = c.loaded.get(feature)
      const row = c.rows.get(feature)
      if (!row && was) gone.push({ channel: c.channel, feature, delivery: was.delivery })
      else if (row) (was ? changed : fresh).push(record(c, row, change, was))
    }
    const head = headRecord(c)
    if (head) heads.push(head)
  }
  const numbers = new Map<string, number>()
  if (gone.length > 0)
    await expect(gone.length, tx.affected({ name: 'policies-gone', text: deleteStates, values: [jsonText(gone)] }))
  if (fresh.length > 0)
    collect(
      numbers,
      await tx.query<Numbered>({ name: 'policies-fresh', text: insertStates, values: [jsonText(fresh)] }),
      fresh.length,
    )
  if (changed.length > 0)
    collect(
      numbers,
      await tx.query<Numbered>({ name: 'policies-changed', text: updateStates, values: [jsonText(changed)] }),
      changed.length,
    )
  if (heads.length > 0) await tx.affected({ name: 'policies-heads', text: updateHeads, values: [jsonText(heads)] })
  return numbers
}

interface Numbered {
  channel: number
  feature: string
  delivery: number
}

function collect(numbers: Map<string, number>, rows: readonly Numbered[], expected: number): void {
  if (rows.length !== expected)
    throw new Error(`settings: ${expected - rows.length} of ${expected} rows were changed by somebody without the lock`)
  for (const r of rows) numbers.set(`${r.channel} ${r.feature}`, r.delivery)
}

async function expect(n: number, affected: Promise<number>): Promise<void> {
  const got = await affected
  if (got !== n) throw new Error(`settings: ${n - got} of ${n} rows were changed by somebody without the lock`)
}

function record(c: ChannelState, r: Row, change: Change, was: Row | undefined): Json {
  return {
    channel: c.channel,
    feature: r.feature,
    verb: r.verb,
    hash: r.hash,
    set_no: r.set,
    state: r.state,
    reason: r.reason as Json,
    evidence: r.evidence,
    attempts: r.attempts,
    unreadable: r.unreadable,
    lost: r.lost,
    agains: r.agains,
    tries: r.tries,
    placed: r.placed,
    ref: r.ref,
    kept: r.kept,
    lease_s: change.leaseS ?? null,
    keep_lease: change.leaseS === undefined,
    due_s: change.dueS ?? null,
    keep_due: change.dueS === undefined,
    checked: change.checked ?? false,
    renew: change.renew ?? false,
    was_state: was?.state ?? null,
    was_delivery: was?.delivery ?? null,
  }
}

function headRecord(c: ChannelState): Json | undefined {
  const redo = [...c.redo].sort()
  const same = c.applied === c.before.applied && redo.join(' ') === c.before.redo && c.varsHash === c.before.varsHash
  // With nothing changed below, times are as they were too.
  if (same && c.changes.size === 0 && !(c.ready && c.before.dueSet)) return undefined
  return { channel: c.channel, applied: c.applied, redo, vars_hash: c.varsHash, ready: c.ready }
}

const stateRecord = `jsonb_to_recordset($1::jsonb) as r(channel bigint, feature text, verb text, hash text, set_no bigint, state text, reason jsonb, evidence jsonb, attempts smallint, unreadable smallint, lost smallint, agains smallint,
  tries smallint, placed boolean, ref text, kept jsonb, lease_s double precision, keep_lease boolean, due_s double precision, keep_due boolean, checked boolean, renew boolean, was_state text, was_delivery bigint)`
const deleteStates = `delete from feature_state f using jsonb_to_recordset($1::jsonb) as r(channel bigint, feature text, delivery bigint) where f.channel = r.channel and f.feature = r.feature and f.delivery = r.delivery`
const insertStates = `insert into feature_state (channel, feature, verb, hash, set_no, state, reason, evidence, attempts, unreadable, lost, agains, tries, placed, ref, kept, lease, due, verified_at)
  select channel, feature, verb, hash, set_no, state, reason, evidence, attempts, unreadable, lost, agains, tries, placed, ref, kept, now() + make_interval(secs => lease_s), now() + make_interval(secs => due_s), case when checked then now() end
  from ${stateRecord} order by channel, feature on conflict (channel, feature) do nothing returning channel, feature, delivery`
const updateStates = `update feature_state f set verb = r.verb, hash = r.hash, set_no = r.set_no, state = r.state, reason = r.reason, evidence = r.evidence, attempts = r.attempts, unreadable = r.unreadable, lost = r.lost,
    agains = r.agains, tries = r.tries, placed = r.placed, ref = r.ref, kept = r.kept, lease = case when r.keep_lease then f.lease else now() + make_interval(secs => r.lease_s) end,
    due = case when r.keep_due then f.due else now() + make_interval(secs => r.due_s) end, delivery = case when r.renew then nextval('activity_no') else f.delivery end,
    since = case when r.state <> f.state or r.renew then now() else f.since end, verified_at = case when r.checked then now() when not r.renew then f.verified_at end
  from ${stateRecord} where f.channel = r.channel and f.feature = r.feature and f.state = r.was_state and f.delivery = r.was_delivery returning f.channel, f.feature, f.delivery`
// due: when the channel is worth waking though nobody enqueues anything.
const updateHeads = `update channel_set cs set applied = r.applied, redo = r.redo, vars_hash = r.vars_hash,
    due = case when r.ready then null else (select min(case when f.state = 'sent' then f.lease else f.due end) from feature_state f where f.channel = r.channel and (f.state = 'sent' or f.due is not null)) end
  from jsonb_to_recordset($1::jsonb) as r(channel bigint, applied bigint, redo text[], vars_hash text, ready boolean) where cs.channel = r.channel`
