/** The short way of turns: exchanges that only take, or tell one last word by our own id, of operations whose rows look at nothing but the head of a channel. */
import type { Delivery, JsonObject, OperationRow, Reason, Said, ShortDone, ShortTurn } from '@muster/contract'
import { channelKind } from '@muster/contract'
import type { Tx } from '../db/index.ts'
import type { Devices, KnownChannel } from '../devices/index.ts'
import { tellWaiting } from '../devices/index.ts'
import type { Events } from '../events/index.ts'
import { pickRow, type Registry } from '../registry/index.ts'
import type { Secrets } from '../secrets/index.ts'
import type { ActivityCache, ActivityWords } from './activities.ts'
import { createDetails, headOnly, headWith } from './details.ts'
import { operationWireId, readOperationWireId } from './ids.ts'
import { type LoggedMessage, writeMessages } from './messages.ts'
import type { TurnPart } from './part.ts'
import { type Heard, type SettledRow, type ShortFinal, settleWords } from './settle.ts'
import { claimOnes, createIso, type createTake, inOrder, type SentRow, type Want } from './take.ts'
import { writeTally } from './tally.ts'
import { type createTurns, type Written, withoutUnsent } from './turn.ts'

export interface ShortItem {
  readonly channel: KnownChannel
  readonly take: number
  readonly again?: true
  readonly raw?: Uint8Array
  readonly word?: Word
  readonly done: ShortDone<Delivery>
}
interface Word extends ShortFinal {
  readonly operation: string
  readonly id: string
}

interface ShortDeps {
  events: Events
  secrets: Secrets
  devices: Devices
  registry: Registry
  part: TurnPart
  activities: ActivityCache
  take: ReturnType<typeof createTake>
  turns: Pick<ReturnType<typeof createTurns>, 'commit' | 'weigh' | 'takeSettings'>
}

export function createShort(o: ShortDeps) {
  const iso = createIso()
  const plain = createPlainRows(o.registry)

  /** undefined: it is for the long way. Nothing is done yet. */
  function item(c: KnownChannel, turn: ShortTurn<OperationRow>, done: ShortDone<Delivery>): ShortItem | undefined {
    const word = turn.id === undefined ? undefined : wordOf(c, turn, turn.id)
    if (word === undefined && (turn.id !== undefined || !(turn.take > 0) || o.devices.waiting.quiet(c.no)))
      return undefined
    if (turn.again && !o.devices.waiting.calm(c.no)) return undefined
    const { no, device, deviceNo, platform, epoch, name, lifecycle, blocked, ownership } = c
    const channel = { no, device, deviceNo, platform, epoch, name, lifecycle, blocked, ownership }
    return { channel, take: turn.take, again: turn.again, raw: turn.raw, word, done }
  }
  function wordOf(c: KnownChannel, turn: ShortTurn<OperationRow>, id: string): Word | undefined {
    const named = readOperationWireId(id)
    if (named?.channel !== c.no) return undefined
    const words = o.activities.known(named.activity)
    const row = words && plain(c, words)
    const said = row && turn.word?.(row)
    return said && { ...named, ...said, operation: words.operation, id }
  }

  /** Durable when it resolves; what each is handed. */
  async function run(items: readonly ShortItem[]): Promise<readonly (readonly Delivery[])[]> {
    const { answers } = await o.turns.commit((tx, outbound) => batch(tx, items, outbound), silent)
    return answers
  }
  async function batch(tx: Tx, items: readonly ShortItem[], outbound: LoggedMessage[]): Promise<Written> {
    const words = items.flatMap((i) => i.word ?? [])
    words.sort((a, b) => a.channel - b.channel || a.activity - b.activity)
    const wants: ShortItem[] = items.filter((i) => i.take > 0 && !o.devices.waiting.quiet(i.channel.no))
    // Still: what it put off meanwhile is offered to its next connection.
    const calm = new Set(wants.filter((w) => w.again && o.devices.waiting.calm(w.channel.no)))
    const asked = wants.map((w, n): Want & { item: number } => ({
      item: n,
      channels: [w.channel],
      take: w.take,
      again: false,
    }))
    const [left, rows, having] = await Promise.all([
      settleWords(tx, words),
      claimOnes(tx, wants),
      wants.length > 0
        ? o.part.waiting(
            tx,
            wants.map((w) => w.channel.no),
          )
        : [],
    ])
    const woken: number[] = []
    const settled: SettledRow[] = words.filter((w) => !left.includes(w))
    const changed: { channel: number; activity: number; state: string }[] = settled.slice()
    if (left.length > 0) {
      const weighed = await weigh(tx, left, { items, rows, woken })
      settled.push(...weighed.settled)
      changed.push(...weighed.changed)
    }
    const deliveries = wants.map((): Delivery[] => [])
    const refused = await hand(tx, rows, asked, deliveries, changed)
    settled.push(...refused)
    if (having.length > 0) await handSettings(tx, wants, new Set(having), deliveries)
    const byChannel = new Map(wants.map((w, n) => [w.channel.no, deliveries[n] as Delivery[]]))
    const full = (w: ShortItem) => (byChannel.get(w.channel.no)?.length ?? 0) >= w.take
    const drained = wants.flatMap((w) => (full(w) ? [] : [{ channel: w.channel.no, again: calm.has(w) }]))
    const writing = [
      writeMessages(tx, o.secrets, inbound(items).concat(outbound)),
      writeTally(tx, refused),
      o.events.emitMany(tx, eventsOf(items, changed), { notify: false }),
      tellWaiting(tx, o.events, woken),
    ]
    // The commit hears of what fails.
    for (const w of writing) w.catch(silent)
    return { answers: items.map((i) => byChannel.get(i.channel.no) ?? []), drained, settled, woken }
  }

  /** What settled nothing is no longer open, was never sent, or is another's: the long look says which. */
  async function weigh(
    tx: Tx,
    left: readonly Word[],
    { items, rows, woken }: { items: readonly ShortItem[]; rows: readonly SentRow[]; woken: number[] },
  ) {
    const heads = new Map(items.map((i) => [i.channel.no, i.channel]))
    const all = left.map((w): Heard => ({ channels: [heads.get(w.channel) as KnownChannel], said: saidOf(w) }))
    const sent = rows.map(({ channel, activity }) => ({ channel, activity, state: 'sent' as const }))
    const heard = await withoutUnsent(tx, all, sent)
    return o.turns.weigh(tx, heard, [], createDetails(tx), woken, new Set())
  }

  /** In the usual case each row is a delivery at once; where one is not, all of them go the long way, in this transaction. Answers what turned out impossible. */
  async function hand(
    tx: Tx,
    rows: SentRow[],
    asked: readonly (Want & { item: number })[],
    deliveries: Delivery[][],
    changed: { channel: number; activity: number; state: string }[],
  ): Promise<readonly SettledRow[]> {
    const strange = rows.flatMap((r) => glanced(r, asked[r.item]?.channels[0]))
    if (strange.length > 0) await o.devices.glances.read(tx, strange)
    const made = rows.length > 0 ? inOrder(rows).map((r) => delivery(r, asked[r.item]?.channels[0])) : []
    if (!made.includes(undefined)) {
      for (let n = 0; n < rows.length; n += 1) {
        const { item, channel, activity } = rows[n] as SentRow
        deliveries[item]?.push(made[n] as Delivery)
        changed.push({ channel, activity, state: 'sent' })
      }
      return []
    }
    const taken = await o.take(tx, asked, createDetails(tx), rows)
    for (const [n, list] of taken.deliveries.entries()) deliveries[n]?.push(...list)
    changed.push(...taken.settled, ...taken.sent)
    return taken.settled
  }
  function delivery(r: SentRow, c: KnownChannel | undefined): Delivery | undefined {
    const words = o.activities.known(r.activity)
    const row = c && words && plain(c, words)
    // What the row says now of handing it over again is written down by the long look, where it is not what was thought before.
    const safe = row?.remembers === true || (words && o.registry.operations.get(words.operation)?.repeatable === true)
    if (!row || r.more || r.safe !== safe) return undefined
    const facts = row.looks && o.devices.glances.of(c)
    // One that cannot do it any more is told why by the long look.
    if (row.looks && !(facts && 'row' in pickRow([row], headWith(c, facts)))) return undefined
    return new ShortDelivery(c, r, { row, words, facts, deadline: iso(r.deadline) })
  }
  /** The channel, where its row looks at facts that are not known of it. */
  function glanced(r: SentRow, c: KnownChannel | undefined): KnownChannel[] {
    const words = o.activities.known(r.activity)
    const looks = c && words && plain(c, words)?.looks
    return looks && !o.devices.glances.of(c) ? [c] : []
  }
  async function handSettings(
    tx: Tx,
    wants: readonly ShortItem[],
    having: ReadonlySet<number>,
    deliveries: readonly Delivery[][],
  ): Promise<void> {
    const list = wants.map((w) => {
      const turn = { take: w.take }
      return { item: { channels: [w.channel], turn, urgent: false }, channels: [w.channel], take: w.take }
    })
    const byItem = new Map(list.map((w, n) => [w.item, deliveries[n] as Delivery[]]))
    const room = (w: (typeof list)[number]) => w.take - (byItem.get(w.item)?.length ?? 0)
    await o.turns.takeSettings(tx, list, having, createDetails(tx), byItem, room)
  }
  return { item, run }
}

/** The one row of an operation that asks nothing of a channel but its head, or a few facts beside it. */
function createPlainRows(registry: Registry) {
  const known = new Map<string, Map<string, OperationRow | undefined>>()

  function look(platform: string, operation: string): OperationRow | undefined {
    const [row, ...others] = registry.operationRows(platform, operation)
    if (!row || others.length > 0 || row.rounds || row.needs?.length) return undefined
    if (!row.looks && (!row.blind || row.when)) return undefined
    const descriptor = registry.operations.get(operation)
    return descriptor?.signed ? undefined : row
  }
  function rowOf(platform: string, operation: string): OperationRow | undefined {
    const rows = known.get(platform) ?? new Map<string, OperationRow | undefined>()
    if (!rows.has(operation)) {
      known.set(platform, rows)
      rows.set(operation, look(platform, operation))
    }
    return rows.get(operation)
  }
  return (c: KnownChannel, words: ActivityWords): OperationRow | undefined => {
    const row = words.kind === 'operation' ? rowOf(c.platform, words.operation) : undefined
    return row?.channel === channelKind(c.name) ? row : undefined
  }
}

const noSecrets = Object.freeze({})

class ShortDelivery {
  readonly kind = 'operation'
  readonly id: string
  readonly attempt: number
  readonly deadline: string
  readonly operation: string
  readonly row: OperationRow
  readonly params: ActivityWords['params']
  readonly secrets = noSecrets
  readonly #channel: KnownChannel
  readonly #facts: Readonly<JsonObject> | undefined

  constructor(
    c: KnownChannel,
    r: SentRow,
    o: { row: OperationRow; words: ActivityWords; facts: Readonly<JsonObject> | undefined; deadline: string },
  ) {
    this.id = operationWireId(r.channel, r.activity)
    this.attempt = r.attempts
    this.deadline = o.deadline
    this.operation = o.words.operation
    this.row = o.row
    this.params = o.words.params
    this.#channel = c
    this.#facts = o.facts
  }
  get channel() {
    return this.#facts ? headWith(this.#channel, this.#facts) : headOnly(this.#channel)
  }
}

function saidOf(w: Word): Said {
  const result = w.result === undefined ? {} : { result: JSON.parse(w.result) }
  return w.state === 'completed'
    ? { id: w.id, state: 'completed', ...result }
    : { id: w.id, state: 'failed', reason: JSON.parse(w.reason ?? '{}') as Reason, ...result }
}

function inbound(items: readonly ShortItem[]): LoggedMessage[] {
  return items.flatMap((i) => (i.raw ? { channel: i.channel.no, outbound: false, outcome: '', raw: i.raw } : []))
}

function eventsOf(
  items: readonly ShortItem[],
  changed: readonly { channel: number; activity: number; state: string }[],
) {
  if (changed.length === 0) return []
  const channels = new Set<number>()
  const rows: [number, number, string][] = []
  for (const { channel, activity, state } of changed) {
    channels.add(channel)
    rows.push([channel, activity, state])
  }
  // No device is twice in a batch.
  const devices: string[] = []
  for (const { channel } of items) if (channels.has(channel.no)) devices.push(channel.device)
  return [{ type: 'operations.changed' as const, data: { rows, devices } }]
}
const silent = () => []
