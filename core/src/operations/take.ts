/** What can go out now: open rows of a channel become deliveries, marked as sent in the same batch. */
import type { ChannelDetail, Delivery, Json, JsonObject, OperationRow, Reason } from '@muster/contract'
import { jsonText, numberArray, type Tx } from '../db/index.ts'
import type { KnownChannel } from '../devices/index.ts'
import { pickRow, type Registry } from '../registry/index.ts'
import type { ActivityCache, ActivityWords } from './activities.ts'
import { areBlind, type Details, headOnly } from './details.ts'
import { operationWireId } from './ids.ts'
import type { SettledRow } from './settle.ts'

export interface Want {
  /** All that one exchange fetches for; `take` counts for them together. */
  readonly channels: readonly KnownChannel[]
  readonly take: number
  /** Offer what the device put off before its time. */
  readonly again: boolean
}
export interface Taken {
  /** For each want, in the order in which they are to be handed over. */
  readonly deliveries: Delivery[][]
  readonly settled: SettledRow[]
  readonly sent: { channel: number; activity: number; state: 'sent' }[]
}
/** Seconds after which an unanswered delivery is judged (redelivered when that is safe, else outcome unknown). */
const leaseS = 300

export interface SentRow {
  item: number
  channel: number
  activity: number
  operation: string
  attempts: number
  /** As the database writes it. */
  deadline: string
  kept: Json
  more: boolean
  safe: boolean
  urgent: boolean
}
export interface DeliveryExtras {
  /** Escrowed values a row needs, read and audited. */
  secrets(
    tx: Tx,
    needs: readonly { channel: number; names: readonly string[] }[],
  ): Promise<Map<number, Record<string, string>>>
  /** The signature over a command that its descriptor wants signed. */
  envelope(c: ChannelDetail, id: string, words: ActivityWords, deadline: Date): Promise<string | undefined>
}

/** Can go out now. The deadline is wrapped so that no plan walks the deadlines of everybody instead. */
const goes = (again: string) =>
  `((q.state = 'pending' and (q.due is null or q.due <= now())) or (${again} and q.state = 'deferred')) and (q.deadline > now()) is true`
/**
 * The first `n` rows of each who asks, locked: a row that somebody else holds (a claim whose server died before it ended) is not waited for, and nothing behind it comes before it, for
 * devices keep their order: `nth = rank`. Whether a row goes is asked twice, because the lock asks again of what a row has become when somebody else was quicker. Numbers are given
 * to the whole batch at once: a sort for each who asks is what cost most.
 */
const inTurn = (o: { who: string; item: string; n: string; again: string; whose: string }) => `
  ranked as (
    select ${o.item} as item, ${o.again} as again, q.place, row_number() over (partition by ${o.item} order by q.more desc, q.urgent desc, q.activity) as rank
    from ${o.who} cross join lateral (
      select q.ctid as place, q.kept is not null as more, q.urgent, q.activity from pending q where ${o.whose} and ${goes(o.again)}
      order by (q.kept is not null) desc, q.urgent desc, q.activity limit ${o.n}) q),
  picked as (
    select item, place from (
      select r.item, l.place, r.rank, row_number() over (partition by r.item order by r.rank) as nth from ranked r
      cross join lateral (select q.ctid as place from pending q where q.ctid = r.place and ${goes('r.again')} for update of q skip locked) l) p
    where p.nth = p.rank)`
/**
 * By the channels of each exchange, of those that are handed work: their enrolment (a device's of that epoch) is open, and not blocked. The rows found are rewritten where they stand.
 * When the leases end is written once for all.
 */
const claiming = `
  with want as (select * from unnest($1::integer[], $2::bigint[], $3::integer[], $4::boolean[], $6::bigint[], $7::integer[]) as w (item, channel, n, again, device, epoch)),
  ${inTurn({
    who: `(
      select w.item, array_agg(w.channel) as channels, min(w.n) as n, bool_or(w.again) as again
      from want w join enrolment e on e.device = w.device and e.epoch = w.epoch where e.state in ('active', 'disenrolling') and not e.blocked group by w.item) i`,
    item: 'i.item',
    n: 'i.n',
    again: 'i.again',
    whose: 'q.channel = any(i.channels)',
  })},
  claimed as (
    update pending p set state = 'sent', attempts = p.attempts + 1, lease = now() + $5 * interval '1 second', due = null, updated = now()
    from picked k where p.ctid = k.place`
const leased = `
  leased as (
    insert into handed (until, channels, activities)
    select now() + $5 * interval '1 second', array_agg(channel), array_agg(activity) from claimed having count(*) > 0)`
export const claim = `${claiming}
    returning k.item, p.channel, p.activity, p.operation, p.attempts, p.deadline::text, p.kept, p.kept is not null as more, p.safe, p.urgent),
  ${leased}
  select * from claimed`
/** The same for exchanges of one channel each. All rows come back as one text, a line each: what is `kept` of an operation, mostly nothing, stands last. */
export const claimShort = `
  with ${inTurn({
    who: 'unnest($1::integer[], $2::bigint[], $3::integer[], $4::bigint[], $6::integer[]) as w (item, channel, n, device, epoch)',
    item: 'w.item',
    n: 'w.n',
    again: 'false',
    whose: `q.channel = w.channel
        and (select e.state in ('active', 'disenrolling') and not e.blocked from enrolment e where e.device = w.device and e.epoch = w.epoch limit 1)`,
  })},
  claimed as (
    update pending p set state = 'sent', attempts = p.attempts + 1, lease = now() + $5 * interval '1 second', due = null, updated = now()
    from picked k where p.ctid = k.place
    returning k.item, p.channel, p.activity, p.operation, p.attempts, p.deadline, p.kept, p.safe, p.urgent),
  ${leased}
  select string_agg(concat_ws(' ', item, channel, activity, attempts, urgent::integer, safe::integer, operation, deadline, kept), e'\\n') as rows from claimed`
/** The row that speaks now decides whether handing it over again is safe. */
const correctSafe = `
  update pending p set safe = x.safe from unnest($1::bigint[], $2::bigint[], $3::boolean[]) as x (channel, activity, safe) where p.channel = x.channel and p.activity = x.activity`
const refuse = `
  with x as (select * from unnest($1::bigint[], $2::bigint[], $3::jsonb[]) as x (channel, activity, reason)),
  gone as (delete from pending p using x where p.channel = x.channel and p.activity = x.activity returning p.*)
  insert into history (channel, activity, epoch, operation, state, reason, attempts, created)
  select g.channel, g.activity, g.epoch, g.operation, 'failed', x.reason, g.attempts - 1, g.created from gone g join x using (channel, activity)`

export function createTake(o: { registry: Registry; activities: ActivityCache; extras: DeliveryExtras }) {
  const iso = createIso()

  /** `claimed`: what was claimed for these already. */
  async function take(tx: Tx, wants: readonly Want[], details: Details, claimed?: SentRow[]): Promise<Taken> {
    const taken: Taken = { deliveries: wants.map(() => []), settled: [], sent: [] }
    let asked = wants.map((w, item) => ({ ...w, item })).filter((w) => w.take > 0 && w.channels.length > 0)
    let rows = claimed
    // Rows that turn out impossible end here, and what stands behind them is handed over in their place.
    while (asked.length > 0) {
      const refused = await hand(tx, rows ?? (await claimFor(tx, asked)), { asked, taken, details })
      rows = undefined
      asked = asked.flatMap((w) => {
        const n = refused.get(w.item) ?? 0
        return n > 0 ? [{ ...w, take: n }] : []
      })
    }
    return taken
  }
  function claimFor(tx: Tx, asked: readonly (Want & { item: number })[]): Promise<SentRow[]> {
    return tx.query<SentRow>({ name: 'take', text: claim, values: claimValues(asked) })
  }

  /** Answers how many rows of each item were impossible. */
  async function hand(
    tx: Tx,
    rows: SentRow[],
    { asked, taken, details }: { asked: readonly Want[]; taken: Taken; details: Details },
  ): Promise<Map<number, number>> {
    const refused = new Map<number, number>()
    if (rows.length === 0) return refused
    inOrder(rows)
    const planned = await planAll(tx, rows, asked, details)
    const going = planned.filter((p) => p.make)
    const impossible = planned.filter((p) => p.reason)
    if (impossible.length > 0) {
      await tx.query({
        name: 'take-refuse',
        text: refuse,
        values: [
          impossible.map((p) => p.row.channel),
          impossible.map((p) => p.row.activity),
          impossible.map((p) => jsonText(p.reason)),
        ],
      })
    }
    const changed = going.filter((p) => p.safe !== p.row.safe)
    if (changed.length > 0)
      await tx.query({
        name: 'take-safe',
        text: correctSafe,
        values: [changed.map((p) => p.row.channel), changed.map((p) => p.row.activity), changed.map((p) => p.safe)],
      })
    const needs = going.flatMap((p) => (p.needs.length > 0 ? [{ channel: p.row.channel, names: p.needs }] : []))
    const escrow = needs.length > 0 ? await o.extras.secrets(tx, needs) : new Map<number, Record<string, string>>()
    const making = going.map((p) => (p.make as NonNullable<Plan['make']>)(escrow.get(p.row.channel) ?? {}))
    const made = making.some((m) => m instanceof Promise) ? await Promise.all(making) : making
    for (const [i, p] of going.entries()) {
      taken.deliveries[p.row.item]?.push(made[i] as Delivery)
      taken.sent.push({ channel: p.row.channel, activity: p.row.activity, state: 'sent' })
    }
    for (const p of impossible) {
      taken.settled.push({
        channel: p.row.channel,
        activity: p.row.activity,
        operation: p.row.operation,
        state: 'failed',
      })
      refused.set(p.row.item, (refused.get(p.row.item) ?? 0) + 1)
    }
    return refused
  }

  async function planAll(tx: Tx, rows: readonly SentRow[], asked: readonly Want[], details: Details): Promise<Plan[]> {
    const heads = new Map(asked.flatMap((w) => w.channels.map((c) => [c.no, c])))
    const words = await o.activities.read(
      tx,
      rows.map((r) => r.activity),
    )
    const found = rows.map((row) => {
      const head = heads.get(row.channel) as KnownChannel
      const said = words.get(row.activity)
      const choice = said ? o.registry.operationRows(head.platform, said.operation) : []
      return { row, head, said, choice, blind: said?.kind === 'operation' && areBlind(choice) }
    })
    const read = await details.of(found.flatMap((f) => (f.blind ? [] : [f.head])))
    return found.map((f) => plan(f.row, (!f.blind && read.get(f.head.no)) || headOnly(f.head), f.said, f.choice))
  }

  interface Plan {
    row: SentRow
    needs: readonly string[]
    /** Handing it over again does no harm. */
    safe: boolean
    reason?: Reason
    make?: (secrets: Record<string, string>) => Delivery | Promise<Delivery>
  }
  function plan(
    r: SentRow,
    channel: ChannelDetail,
    words: ActivityWords | undefined,
    choice: readonly OperationRow[],
  ): Plan {
    if (!words)
      return {
        row: r,
        needs: [],
        safe: r.safe,
        reason: { code: 'activity-missing', text: 'The activity behind this operation is gone.' },
      }
    const id = operationWireId(r.channel, r.activity)
    const deadline = iso(r.deadline)
    const head = { id, channel, attempt: r.attempts, deadline }
    if (words.kind === 'errand') {
      return {
        row: r,
        needs: [],
        safe: true,
        make: (secrets) => ({
          ...head,
          secrets,
          kind: 'errand',
          name: words.operation,
          payload: (words.params as JsonObject).payload ?? null,
        }),
      }
    }
    const picked = pickRow(choice, channel)
    if ('reason' in picked) return { row: r, needs: [], safe: r.safe, reason: picked.reason }
    const { row } = picked
    const known = o.registry.operations.get(words.operation)
    const make = (secrets: Record<string, string>): Delivery => ({
      ...head,
      secrets,
      kind: 'operation',
      operation: words.operation,
      row,
      params: words.params,
      kept: r.more ? r.kept : undefined,
    })
    return {
      row: r,
      needs: row.needs ?? [],
      safe: row.remembers === true || known?.repeatable === true,
      make: known?.signed
        ? async (secrets) =>
            Object.assign(make(secrets), { envelope: await o.extras.envelope(channel, id, words, new Date(deadline)) })
        : make,
    }
  }
  return take
}

/** What `claimShort` takes and gives. */
export async function claimOnes(tx: Tx, asked: readonly { channel: KnownChannel; take: number }[]): Promise<SentRow[]> {
  if (asked.length === 0) return []
  const [all] = await tx.query<{ rows: string | null }>({
    name: 'take-short',
    text: claimShort,
    values: [
      numberArray(asked.map((_, item) => item)),
      numberArray(asked.map((a) => a.channel.no)),
      numberArray(asked.map((a) => a.take)),
      numberArray(asked.map((a) => a.channel.deviceNo)),
      leaseS,
      numberArray(asked.map((a) => a.channel.epoch)),
    ],
  })
  return all?.rows ? all.rows.split('\n').map(readRow) : []
}
/** Ids of operations have no spaces; a deadline has one; JSON as the database writes it has no line breaks. */
function readRow(line: string): SentRow {
  const [item, channel, activity, attempts, urgent, safe, operation = '', day, time, ...kept] = line.split(' ')
  const more = kept.length > 0
  return {
    item: Number(item),
    channel: Number(channel),
    activity: Number(activity),
    operation,
    attempts: Number(attempts),
    deadline: `${day} ${time}`,
    kept: more ? (JSON.parse(kept.join(' ')) as Json) : null,
    more,
    safe: safe === '1',
    urgent: urgent === '1',
  }
}

/** UPDATE returns rows in no order: here they are in the queue's. */
export function inOrder(rows: SentRow[]): SentRow[] {
  return rows.sort(
    (a, b) => Number(b.more) - Number(a.more) || Number(b.urgent) - Number(a.urgent) || a.activity - b.activity,
  )
}

function claimValues(asked: readonly (Want & { item: number })[]): unknown[] {
  const [items, channels, most, again, devices, epochs] = [[], [], [], [], [], []] as [
    number[],
    number[],
    number[],
    boolean[],
    number[],
    number[],
  ]
  for (const w of asked)
    for (const c of w.channels) {
      items.push(w.item)
      channels.push(c.no)
      most.push(w.take)
      again.push(w.again)
      devices.push(c.deviceNo)
      epochs.push(c.epoch)
    }
  const [i, c, n, d, e] = [items, channels, most, devices, epochs].map(numberArray)
  return [i, c, n, `{${again.join()}}`, leaseS, d, e]
}

/** A time of the database in the words of JSON. Most of a batch are the same one. */
export function createIso(): (text: string) => string {
  let known = { text: '', iso: '' }
  return (text) => {
    if (text !== known.text) known = { text, iso: new Date(text).toISOString() }
    return known.iso
  }
}
