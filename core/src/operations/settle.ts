/** What devices said of operations, applied: reports are matched to open rows, settled rows move to history, the rest is noted as unmatched. */
import type { ChannelDetail, Json, OperationRow, Outcome, Reason, Said } from '@muster/contract'
import { jsonText, numberArray, type Tx, textArray } from '../db/index.ts'
import type { KnownChannel } from '../devices/index.ts'
import { channelKind, pickRow, type Registry } from '../registry/index.ts'
import type { ActivityCache, ActivityWords } from './activities.ts'
import { areBlind, type Details, headOnly } from './details.ts'
import { readOperationWireId } from './ids.ts'
import { type FinalState, type OpenRow, type OpenState, onReport } from './transitions.ts'
import { noteUnmatched, plain, type Unmatched } from './unmatched.ts'

/** One thing said, with the channels it may speak for: a device never settles another's. */
export interface Heard {
  readonly channels: readonly KnownChannel[]
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
  kept: Json
}
interface Work {
  row: PendingRow
  settled?: { state: FinalState; reason?: Reason; result?: Json }
  kept?: { state: OpenState; reason?: Reason; dueInS?: number; kept?: Json; ref?: string; raw?: Json }
}

const lockRows = `
  select p.* from (select * from unnest($1::bigint[], $2::bigint[]) as x (channel, activity) order by 1, 2) x cross join lateral (
    select q.channel, q.activity, q.operation, q.state, q.attempts, q.agains, q.unreadable, q.cancelling, q.ref, q.kept
    from pending q where q.channel = x.channel and q.activity = x.activity limit 1 for update of q) p`
const lockRefs = `
  select channel, activity, operation, state, attempts, agains, unreadable, cancelling, ref, kept
  from pending where ref = any($1::text[]) and channel = any($2::bigint[]) order by channel, activity for update`
/**
 * Sorted by whoever gives them, so that two batches never wait for each other. What was never sent is not settled by anybody's word. Each row is
 * looked up by itself (LATERAL with LIMIT): a join whose plan was made while the table was empty begins at the table, and reads all of it.
 */
const settling = `
  with found as (
    select x.*, p.place from unnest($1::bigint[], $2::bigint[], $3::text[], $4::jsonb[], $5::jsonb[]) as x (channel, activity, state, reason, result)
    cross join lateral (
      select q.ctid as place from pending q where q.channel = x.channel and q.activity = x.activity and q.attempts > 0 limit 1 for update of q) p),
  gone as (
    delete from pending p using found x where p.ctid = x.place
    returning p.channel, p.activity, p.epoch, p.operation, p.attempts, p.created, x.state, x.reason, x.result),
  moved as (
    insert into history (channel, activity, epoch, operation, state, reason, result, attempts, created)
    select channel, activity, epoch, operation, state, reason, result, attempts, created from gone),
  counted as (insert into tally (activity, state, n) select activity, state, count(*) from gone group by 1, 2)`
export const settleRows = `${settling}
  select channel, activity, operation, state from gone`
/** The same for who knows what it asked for: what did settle is named when it was not all. */
export const settleShort = `${settling}
  select case when count(*) < cardinality($1::bigint[]) then coalesce(array_agg(channel || '-' || activity), '{}') end as done from gone`
const updateKept = `
  update pending p set state = x.state, attempts = x.attempts, agains = x.agains, unreadable = x.unreadable, reason = x.reason, updated = now(),
    kept = coalesce(x.kept, p.kept), ref = coalesce(x.ref, p.ref), lease = case when x.state = 'sent' then p.lease end,
    due = case when x.due_s is not null then now() + x.due_s * interval '1 second' * (0.9 + random() * 0.2) when x.state = 'deferred' then p.due end
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::smallint[], $5::smallint[], $6::smallint[], $7::jsonb[], $8::jsonb[], $9::text[], $10::float8[])
    as x (channel, activity, state, attempts, agains, unreadable, reason, kept, ref, due_s)
  where p.channel = x.channel and p.activity = x.activity`

interface Final {
  channel: number
  activity: number
  state: FinalState
  reason?: Reason
  result?: Json
}

/** Last words by what they are of. */
type Finals = Map<string, { final: Final; heard: Heard }>

export function createSettle(o: { registry: Registry; activities: ActivityCache }) {
  /** Most of what is said is an operation's last word, by our own id, once: these settle without a look at their rows before. */
  async function read(tx: Tx, heard: readonly Heard[], details: Details): Promise<{ finals: Finals; others: Heard[] }> {
    const finals: Finals = new Map()
    const others: Heard[] = []
    if (heard.length === 0) return { finals, others }
    // Who also speaks by names of its own may mean one operation by both: then the order of its words counts.
    const byName = new Set(heard.flatMap((h) => (h.said.id === undefined ? h.channels.map((c) => c.no) : [])))
    const named = heard.flatMap((h) => {
      const id = h.said.id === undefined ? undefined : readOperationWireId(h.said.id)
      const channel = id && !byName.has(id.channel) && h.channels.find((c) => c.no === id.channel)
      if (!id || !channel) others.push(h)
      return id && channel ? [{ h, id, channel, key: keyOf(id) }] : []
    })
    const words = await o.activities.read(
      tx,
      named.map((n) => n.id.activity),
    )
    const twice = repeated(named.map((n) => n.key))
    const readers = await readersOf(
      named.map((n) => ({ channel: n.channel, words: words.get(n.id.activity), reply: 'reply' in n.h.said })),
      details,
    )
    for (const [i, { h, id, key }] of named.entries()) {
      const reader = readers[i]
      // What takes more than one message is read beside what its row keeps.
      const outcome = !reader || reader.rounds || twice.has(key) ? undefined : reader.read(h.said)
      if (outcome?.state === 'completed' || outcome?.state === 'failed')
        finals.set(key, { final: { ...id, ...outcome }, heard: h })
      else others.push(h)
    }
    return { finals, others }
  }

  /** `left`: what settled nothing says of what was never sent, is no longer open or is another's; it is to be weighed like the rest. */
  async function settle(tx: Tx, finals: Finals): Promise<{ settled: SettledRow[]; left: Heard[] }> {
    const settled = await settleAll(
      tx,
      [...finals.values()].map((f) => f.final),
    )
    if (settled.length === finals.size) return { settled, left: [] }
    const done = new Set(settled.map(keyOf))
    return { settled, left: [...finals].flatMap(([key, f]) => (done.has(key) ? [] : [f.heard])) }
  }

  /** What may be said in any way: each is weighed against its row, under lock. */
  async function weigh(tx: Tx, heard: readonly Heard[], details: Details): Promise<SettleResult> {
    if (heard.length === 0) return { settled: [], changed: [], strange: [] }
    const rows = await lock(tx, heard)
    const work = new Map<string, Work>()
    const unmatched: Unmatched[] = []
    const strange: Heard[] = []
    const found = heard.map((h) => {
      const row = rowOf(rows, h)
      return { h, row, channel: row && h.channels.find((c) => c.no === row.channel) }
    })
    const words = await o.activities.read(
      tx,
      [...rows.values()].map((r) => r.activity),
    )
    const readers = await readersOf(
      found.map(({ h, row, channel }) => ({
        channel,
        reply: 'reply' in h.said,
        words: row && { kind: words.get(row.activity)?.kind ?? 'operation', operation: row.operation },
      })),
      details,
    )
    for (const [i, { h, row, channel }] of found.entries()) {
      const note = (why: string) =>
        unmatched.push({ channel: h.channels[0]?.no ?? 0, ref: h.said.id ?? h.said.ref, said: h.said, why })
      if (!row || !channel) {
        if (h.said.id === undefined) strange.push(h)
        else note(whyNot(h.said.id, h))
        continue
      }
      const key = keyOf(row)
      const w = work.get(key) ?? { row }
      if (w.settled) note('settled')
      else if (!apply(w, readers[i]?.read(h.said, w.kept?.kept ?? row.kept) ?? unsupported, h.said)) note('unsent')
      else work.set(key, w)
    }
    return { ...(await write(tx, [...work.values()], unmatched)), strange }
  }

  /** How what is said about each is read. Of blind rows' channels nothing more is looked up, nor where there is nothing to read. */
  async function readersOf(
    list: readonly {
      channel: KnownChannel | undefined
      words: Pick<ActivityWords, 'kind' | 'operation'> | undefined
      /** It is for a row to read. */
      reply: boolean
    }[],
    details: Details,
  ): Promise<(Reader | undefined)[]> {
    const found = list.map(({ channel, words, reply }) => {
      if (!channel || !words) return undefined
      const rows = o.registry.operationRows(channel.platform, words.operation)
      return {
        channel,
        rows,
        errand: words.kind === 'errand',
        blind: !reply || words.kind === 'errand' || areBlind(rows),
      }
    })
    const read = await details.of(found.flatMap((f) => (f && !f.blind ? [f.channel] : [])))
    return found.map(
      (f) =>
        f && {
          rounds: !f.errand && f.rows.some((r) => r.rounds),
          read: (said, kept) => readSaid(said, (!f.blind && read.get(f.channel.no)) || headOnly(f.channel), f, kept),
        },
    )
  }
  return { read, settle, weigh }
}

const unsupported: Outcome = {
  state: 'unreadable',
  reason: { code: 'unsupported', text: 'This platform no longer reads answers to this operation.' },
}

interface Reader {
  /** One of its rows takes more than one message. */
  readonly rounds: boolean
  read(said: Said, kept?: Json): Outcome
}

function readSaid(
  said: Said,
  detail: ChannelDetail,
  o: { rows: readonly OperationRow[]; errand: boolean },
  kept: Json | undefined,
): Outcome {
  if (!('reply' in said)) return said
  if (o.errand) return { state: 'completed', result: said.reply }
  const picked = pickRow(o.rows, detail)
  const reader = 'row' in picked ? picked.row : o.rows.find((r) => r.channel === channelKind(detail.name))
  return reader ? readReply(reader, said.reply, { detail, kept }) : unsupported
}

const keyOf = (r: { channel: number; activity: number }) => `${r.channel}-${r.activity}`

function repeated(keys: readonly string[]): Set<string> {
  const seen = new Set<string>()
  return new Set(keys.filter((k) => seen.size === seen.add(k).size))
}

/** A row's `from` is total by contract; one that throws all the same must not stop the batch. */
function readReply(row: OperationRow, reply: Json, o: { detail: ChannelDetail; kept: Json | undefined }): Outcome {
  try {
    return row.from(reply, o.detail, o.kept ?? undefined)
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
  // Said twice in one message: what put it off, and for how long, still holds while it stays put off.
  const stillDueS = step.state === 'deferred' ? w.kept?.dueInS : undefined
  w.kept = { state: step.state, reason, dueInS: dueInS ?? stillDueS, kept, ref: said.ref }
  return true
}

/** Last words that stand as JSON already, sorted by channel and activity. Answers which of them settled nothing. */
export async function settleWords<W extends ShortFinal>(tx: Tx, words: readonly W[]): Promise<W[]> {
  if (words.length === 0) return []
  const [row] = await tx.query<{ done: string[] | null }>({
    name: 'settle-short',
    text: settleShort,
    values: [
      numberArray(words.map((w) => w.channel)),
      numberArray(words.map((w) => w.activity)),
      `{${words.map((w) => w.state).join()}}`,
      textArray(words.map((w) => w.reason ?? null)),
      textArray(words.map((w) => w.result ?? null)),
    ],
  })
  if (!row?.done) return []
  const done = new Set(row.done)
  return words.filter((w) => !done.has(keyOf(w)))
}
export interface ShortFinal {
  readonly channel: number
  readonly activity: number
  readonly state: 'completed' | 'failed'
  /** JSON. */
  readonly reason?: string
  readonly result?: string
}

async function settleAll(tx: Tx, finals: readonly Final[]): Promise<SettledRow[]> {
  if (finals.length === 0) return []
  const sorted = finals.toSorted((a, b) => a.channel - b.channel || a.activity - b.activity)
  return tx.query<SettledRow>({
    name: 'settle',
    text: settleRows,
    values: [
      numberArray(sorted.map((f) => f.channel)),
      numberArray(sorted.map((f) => f.activity)),
      textArray(sorted.map((f) => f.state)),
      textArray(sorted.map((f) => (f.reason === undefined ? null : jsonText(f.reason)))),
      textArray(sorted.map((f) => (f.result === undefined ? null : jsonText(f.result)))),
    ],
  })
}

async function write(
  tx: Tx,
  work: readonly Work[],
  unmatched: readonly Unmatched[],
): Promise<Omit<SettleResult, 'strange'>> {
  // Also of what settles in the same breath: what it was before counts in its history.
  const kept = work.filter((w) => w.kept)
  const json = (v: unknown) => (v === undefined ? null : jsonText(v))
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
  const settled = await settleAll(
    tx,
    work.flatMap(({ row, settled: s }) => (s ? [{ channel: row.channel, activity: row.activity, ...s }] : [])),
  )
  await noteUnmatched(tx, unmatched)
  return {
    settled,
    changed: work.map((w) => ({
      channel: w.row.channel,
      activity: w.row.activity,
      state: w.settled?.state ?? w.row.state,
      ready: w.kept?.state === 'pending' && !w.settled && w.kept.dueInS === undefined,
    })),
  }
}
