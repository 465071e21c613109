/** What devices said of operations, applied: reports are matched to open rows, settled rows move to history, the rest is noted as unmatched. */
import type { ChannelDetail, Json, OperationRow, Outcome, Reason, Said } from '@muster/contract'
import { jsonText, type Tx } from '../db/index.ts'
import { channelKind, pickRow, type Registry } from '../registry/index.ts'
import type { ActivityCache } from './activities.ts'
import { readOperationWireId } from './ids.ts'
import { type FinalState, type OpenRow, type OpenState, onReport } from './transitions.ts'
import { noteUnmatched, plain, type Unmatched } from './unmatched.ts'

/** One thing said, with the channels it may speak for: a device never settles another's. */
export interface Heard {
  readonly channels: readonly ChannelDetail[]
  readonly said: Said
}
export interface SettledRow {
  readonly channel: number
  readonly activity: number
  readonly operation: string
  readonly state: FinalState
}
export interface ChangedRow {
  readonly channel: number
  readonly activity: number
  readonly state: string
  /** Back in the queue, to be handed over now: what rests first is told when its time comes. */
  readonly ready: boolean
}
export interface SettleResult {
  readonly settled: SettledRow[]
  readonly changed: ChangedRow[]
  /** Said of a name that no open operation bears: another part may know it. */
  readonly strange: Heard[]
}

interface PendingRow extends OpenRow {
  channel: number
  activity: number
  operation: string
  ref: string | null
}
interface Work {
  row: PendingRow
  detail: ChannelDetail
  settled?: { state: FinalState; reason?: Reason; result?: Json }
  kept?: { state: OpenState; reason?: Reason; dueInS?: number; kept?: Json; ref?: string; raw?: Json }
}

const lockRows = `
  select p.channel, p.activity, p.operation, p.state, p.attempts, p.agains, p.unreadable, p.cancelling, p.ref
  from pending p join unnest($1::bigint[], $2::bigint[]) as x (channel, activity) using (channel, activity)
  order by p.channel, p.activity for update of p`
const lockRefs = `
  select channel, activity, operation, state, attempts, agains, unreadable, cancelling, ref
  from pending where ref = any($1::text[]) and channel = any($2::bigint[]) order by channel, activity for update`
const moveSettled = `
  with x as (select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::jsonb[], $5::jsonb[], $6::smallint[]) as x (channel, activity, state, reason, result, attempts)),
  gone as (delete from pending p using x where p.channel = x.channel and p.activity = x.activity returning p.*)
  insert into history (channel, activity, epoch, operation, state, reason, result, attempts, created)
  select g.channel, g.activity, g.epoch, g.operation, x.state, x.reason, x.result, x.attempts, g.created from gone g join x using (channel, activity)`
const updateKept = `
  update pending p set state = x.state, attempts = x.attempts, agains = x.agains, unreadable = x.unreadable, reason = x.reason, updated = now(),
    kept = coalesce(x.kept, p.kept), ref = coalesce(x.ref, p.ref), lease = case when x.state = 'sent' then p.lease end,
    due = case when x.due_s is not null then now() + x.due_s * interval '1 second' * (0.9 + random() * 0.2) when x.state = 'deferred' then p.due end
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::smallint[], $5::smallint[], $6::smallint[], $7::jsonb[], $8::jsonb[], $9::text[], $10::float8[])
    as x (channel, activity, state, attempts, agains, unreadable, reason, kept, ref, due_s)
  where p.channel = x.channel and p.activity = x.activity`

export function createSettle(o: { registry: Registry; activities: ActivityCache }) {
  /** Everything said in a batch about operations. Costs nothing when nothing was said. */
  return async function settle(tx: Tx, heard: readonly Heard[]): Promise<SettleResult> {
    if (heard.length === 0) return { settled: [], changed: [], strange: [] }
    const rows = await lock(tx, heard)
    const work = new Map<string, Work>()
    const unmatched: Unmatched[] = []
    const strange: Heard[] = []
    const words = await o.activities.read(
      tx,
      [...rows.values()].map((r) => r.activity),
    )
    for (const h of heard) {
      const note = (why: string) =>
        unmatched.push({ channel: h.channels[0]?.no ?? 0, ref: h.said.id ?? h.said.ref, said: h.said, why })
      const row = rowOf(rows, h)
      const detail = row && h.channels.find((c) => c.no === row.channel)
      if (!row || !detail) {
        if (h.said.id === undefined) strange.push(h)
        else note(whyNot(h.said.id, h))
        continue
      }
      const key = `${row.channel}-${row.activity}`
      const w = work.get(key) ?? { row, detail }
      if (w.settled) {
        note('settled')
        continue
      }
      const activity = words.get(row.activity)
      const outcome = read(h.said, row, detail, activity?.kind === 'errand')
      if (!apply(w, outcome, h.said)) note('unsent')
      else work.set(key, w)
    }
    await write(tx, [...work.values()], unmatched)
    return {
      settled: [...work.values()].flatMap((w) =>
        w.settled
          ? [{ channel: w.row.channel, activity: w.row.activity, operation: w.row.operation, state: w.settled.state }]
          : [],
      ),
      strange,
      changed: [...work.values()].map((w) => ({
        channel: w.row.channel,
        activity: w.row.activity,
        state: w.settled?.state ?? w.row.state,
        ready: w.kept?.state === 'pending' && !w.settled && w.kept.dueInS === undefined,
      })),
    }
  }

  function read(said: Said, row: PendingRow, detail: ChannelDetail, errand: boolean): Outcome {
    if (!('reply' in said)) return said
    if (errand) return { state: 'completed', result: said.reply }
    const rows = o.registry.operationRows(detail.platform, row.operation)
    const picked = pickRow(rows, detail)
    const reader = 'row' in picked ? picked.row : rows.find((r) => r.channel === channelKind(detail.name))
    if (!reader)
      return {
        state: 'unreadable',
        reason: { code: 'unsupported', text: 'This platform no longer reads answers to this operation.' },
      }
    return readReply(reader, said.reply, detail)
  }
}

/** A row's `from` is total by contract; one that throws all the same must not stop the batch. */
function readReply(row: OperationRow, reply: Json, detail: ChannelDetail): Outcome {
  try {
    return row.from(reply, detail)
  } catch (error) {
    return {
      state: 'unreadable',
      reason: { code: 'unreadable', text: error instanceof Error ? error.message : 'The answer could not be read.' },
    }
  }
}

/** Our id, or the other side's name for it, which need be unique within a device alone. */
function rowOf(rows: ReadonlyMap<string, PendingRow>, h: Heard): PendingRow | undefined {
  const { said } = h
  if (said.id === undefined) return h.channels.map((c) => rows.get(refKey(c.no, said.ref))).find((r) => r !== undefined)
  const id = readOperationWireId(said.id)
  return id && rows.get(`${id.channel}-${id.activity}`)
}
const refKey = (channel: number, ref: string) => `${channel} ${plain(ref)}`

function whyNot(wireId: string, h: Heard): string {
  const id = readOperationWireId(wireId)
  if (!id) return 'unknown'
  return h.channels.some((c) => c.no === id.channel) ? 'not-open' : 'foreign'
}

async function lock(tx: Tx, heard: readonly Heard[]): Promise<Map<string, PendingRow>> {
  const found = new Map<string, PendingRow>()
  const ids = heard.flatMap((h) => {
    const id = h.said.id === undefined ? undefined : readOperationWireId(h.said.id)
    return id && h.channels.some((c) => c.no === id.channel) ? [id] : []
  })
  if (ids.length > 0) {
    const rows = await tx.query<PendingRow>({
      name: 'settle-lock',
      text: lockRows,
      values: [ids.map((i) => i.channel), ids.map((i) => i.activity)],
    })
    for (const r of rows) found.set(`${r.channel}-${r.activity}`, r)
  }
  const refs = heard.flatMap((h) => (h.said.id === undefined ? [plain(h.said.ref)] : []))
  if (refs.length > 0) {
    const own = [...new Set(heard.flatMap((h) => h.channels.map((c) => c.no)))]
    for (const r of await tx.query<PendingRow>({ name: 'settle-refs', text: lockRefs, values: [refs, own] }))
      found.set(refKey(r.channel, r.ref ?? ''), found.get(`${r.channel}-${r.activity}`) ?? r)
  }
  return found
}

/** False: it was never sent, so nothing may be said of it. */
function apply(w: Work, outcome: Outcome, said: Said): boolean {
  const step = onReport(w.row, outcome)
  if (step.kind === 'unmatched') return false
  if (step.kind === 'unchanged') return true
  if (step.kind === 'settle') {
    w.settled = {
      state: step.state,
      reason: step.reason,
      result: step.result ?? (outcome.state === 'unreadable' && 'reply' in said ? { reply: said.reply } : undefined),
    }
    return true
  }
  const { kind: _, kept, reason, dueInS, ...row } = step
  w.row = { ...w.row, ...row }
  w.kept = { state: step.state, reason, dueInS, kept, ref: said.ref }
  return true
}

async function write(tx: Tx, work: readonly Work[], unmatched: readonly Unmatched[]): Promise<void> {
  const settled = work.filter((w) => w.settled)
  const kept = work.filter((w) => !w.settled && w.kept)
  const json = (v: unknown) => (v === undefined ? null : jsonText(v))
  if (settled.length > 0) {
    await tx.query({
      name: 'settle-move',
      text: moveSettled,
      values: [
        settled.map((w) => w.row.channel),
        settled.map((w) => w.row.activity),
        settled.map((w) => w.settled?.state),
        settled.map((w) => json(w.settled?.reason)),
        settled.map((w) => json(w.settled?.result)),
        settled.map((w) => w.row.attempts),
      ],
    })
  }
  if (kept.length > 0) {
    await tx.query({
      name: 'settle-keep',
      text: updateKept,
      values: [
        kept.map((w) => w.row.channel),
        kept.map((w) => w.row.activity),
        kept.map((w) => w.kept?.state),
        kept.map((w) => w.row.attempts),
        kept.map((w) => w.row.agains),
        kept.map((w) => w.row.unreadable),
        kept.map((w) => json(w.kept?.reason)),
        kept.map((w) => json(w.kept?.kept)),
        kept.map((w) => (w.kept?.ref === undefined ? null : plain(w.kept.ref))),
        kept.map((w) => w.kept?.dueInS ?? null),
      ],
    })
  }
  await noteUnmatched(tx, unmatched)
}
