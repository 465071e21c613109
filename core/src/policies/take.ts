/** Handing over: for many channels at once, what each can be given now, written as sent before it leaves. */
import { type ChannelDetail, settingsMode } from '@muster/contract'
import type { Tx } from '../db/index.ts'
import { channelKind } from '../registry/index.ts'
import { type ChannelState, loadChannels, saveChannels } from './channel-state.ts'
import type { createDelivery, SecretsOf } from './delivery.ts'
import { verdictOf } from './enforce.ts'
import { documentFeature } from './machine.ts'
import type { ComplianceVerdict, PoliciesDeps, Reported, SetFeature, SettingDelivery, Want } from './model.ts'
import { documentHash, type Offer, type Planning, planEach, planWhole, send } from './plan.ts'
import { versionOf } from './sealing.ts'
import type { Sets } from './sets.ts'
import { readable, variablesHash, type Wanted, wantedBy } from './wanted.ts'
import { documentId, settingId } from './wire-id.ts'

/** How long a delivery means something: past it the device need not begin. */
const validS = 7 * 86_400

export interface Parts extends PoliciesDeps {
  readonly sets: Sets
  readonly delivery: ReturnType<typeof createDelivery>
  /** What was reported earlier in a transaction, by channel: facts and results of one message are judged together, whichever is written first. */
  readonly heard: WeakMap<Tx, Map<number, Reported>>
}
interface Sent {
  readonly c: ChannelState
  readonly channel: ChannelDetail
  readonly offer: Offer
  readonly planning: Planning
  /** The feature in the set that it was put from. */
  readonly from?: SetFeature
}
export type SetMap = ReadonlyMap<number, readonly SetFeature[]>

export async function take(tx: Tx, wants: readonly Want[], parts: Parts): Promise<SettingDelivery[]> {
  const able = wants.filter((w) => w.take > 0 && w.channel.lifecycle === 'active' && !w.channel.blocked)
  const states = await loadChannels(
    tx,
    able.map((w) => w.channel.no),
    'waiting',
  )
  if (states.size === 0) return []
  const sets = await parts.sets.load(tx, setsOf(states))
  const sent: Sent[] = []
  for (const w of able) {
    const c = states.get(w.channel.no)
    if (c) sent.push(...takeOne(c, w, sets, parts))
  }
  const numbers = await saveChannels(tx, states.values())
  await changed(
    tx,
    parts,
    able.map((w) => w.channel),
    states,
  )
  await tellCompliance(tx, states, [], parts)
  return sent.length === 0 ? [] : deliveries(tx, sent, numbers, parts)
}

/** The desired sets, and those that something was put from. */
export function setsOf(states: ReadonlyMap<number, ChannelState>): Set<number | null> {
  const numbers = new Set<number | null>()
  for (const c of states.values()) {
    numbers.add(c.desired)
    for (const row of c.rows.values()) numbers.add(row.set)
  }
  return numbers
}

export function planningFor(
  c: ChannelState,
  channel: ChannelDetail,
  sets: SetMap,
  parts: Parts,
  again = false,
): Planning {
  const wanted = wantedBy(channel, c.kinds, sets.get(c.desired ?? 0) ?? [], parts.registry, parts.log)
  const kind = channelKind(channel.name)
  return {
    channel,
    wanted,
    again,
    dropRow: (feature) => parts.registry.featureRows(channel.platform, feature).find((r) => r.channel === kind),
  }
}

function takeOne(c: ChannelState, w: Want, sets: SetMap, parts: Parts): Sent[] {
  const planning = planningFor(c, w.channel, sets, parts, w.deferred === 'again')
  const offers = planOf(c, planning, parts)
  const taken = offers.slice(0, w.take)
  c.varsHash = variablesHash(sets.get(c.desired ?? 0) ?? [], w.channel.variables)
  for (const o of taken) send(c, o, hashFor(c, o, planning))
  c.ready = offers.length > taken.length
  return taken.map((offer) => ({
    c,
    channel: w.channel,
    offer,
    planning,
    from: sets.get(c.rows.get(offer.feature)?.set ?? 0)?.find((f) => f.feature === offer.feature),
  }))
}

function isWhole(channel: ChannelDetail, parts: Parts): boolean {
  const installed = parts.registry.platforms.get(channel.platform)
  return installed !== undefined && settingsMode(installed.platform, channelKind(channel.name)) === 'whole'
}

export function planOf(c: ChannelState, planning: Planning, parts: Parts): Offer[] {
  if (!isWhole(planning.channel, parts)) return planEach(c, planning)
  const offer = planWhole(c, planning)
  return offer ? [offer] : []
}

function hashFor(c: ChannelState, o: Offer, planning: Planning): string {
  if (o.feature === documentFeature) return documentHash(planning.wanted)
  return o.wanted?.hash ?? c.rows.get(o.feature)?.hash ?? ''
}

/** One event for the whole batch, without NOTIFY: this is the acknowledgement path. */
export async function changed(
  tx: Tx,
  parts: Parts,
  channels: readonly ChannelDetail[],
  states: ReadonlyMap<number, ChannelState>,
): Promise<void> {
  const devices = channels.filter((c) => (states.get(c.no)?.changes.size ?? 0) > 0).map((c) => c.device)
  if (devices.length > 0)
    await parts.events.emit(tx, 'settings.changed', { devices: [...new Set(devices)] }, { notify: false })
}

/** The verdicts of a batch, and what planning settled by itself. */
export async function tellCompliance(
  tx: Tx,
  states: ReadonlyMap<number, ChannelState>,
  verdicts: readonly ComplianceVerdict[],
  parts: Parts,
): Promise<void> {
  const refused = [...states.values()].flatMap((c) => c.refused.map((r) => verdictOf(c, r.of, r)))
  if (verdicts.length + refused.length > 0) await parts.compliance.onVerdict(tx, [...verdicts, ...refused])
}

async function deliveries(
  tx: Tx,
  sent: readonly Sent[],
  numbers: ReadonlyMap<string, number>,
  parts: Parts,
): Promise<SettingDelivery[]> {
  const needing = sent.flatMap((s) => wantedOf(s).map((wanted) => ({ channel: s.channel, wanted })))
  const secretsOf = await parts.delivery.secretsFor(tx, needing)
  const [time] = await tx.query<{ deadline: Date }>({
    name: 'policies-deadline',
    text: 'select now() + make_interval(secs => $1) as deadline',
    values: [validS],
  })
  const deadline = time?.deadline.toISOString() ?? ''
  return sent.flatMap((s) => {
    const number = numbers.get(`${s.channel.no} ${s.offer.feature}`) ?? 0
    const delivery =
      s.offer.feature === documentFeature
        ? document(s, deadline, secretsOf)
        : setting(s, number, deadline, secretsOf, parts)
    return delivery ? [delivery] : []
  })
}

function wantedOf(s: Sent): Wanted[] {
  if (s.offer.wanted) return [s.offer.wanted]
  return s.offer.feature === documentFeature ? [...s.planning.wanted.values()] : []
}

function document(s: Sent, deadline: string, secretsOf: SecretsOf): SettingDelivery | undefined {
  const row = s.c.rows.get(documentFeature)
  if (!row || row.set === null) return undefined
  const secrets = Object.fromEntries(
    [...s.planning.wanted.keys()].flatMap((f) =>
      Object.entries(secretsOf(s.channel.no, f)).map(([name, value]) => [`${f}.${name}`, value]),
    ),
  )
  const replaces = s.c.applied === null || s.c.applied === row.set ? {} : { replaces: s.c.applied }
  return {
    kind: 'document',
    id: documentId(s.channel.no, row.set),
    channel: s.channel,
    attempt: row.attempts,
    deadline,
    secrets,
    set: row.set,
    ...replaces,
  }
}

function setting(
  s: Sent,
  number: number,
  deadline: string,
  secretsOf: SecretsOf,
  parts: Parts,
): SettingDelivery | undefined {
  const state = s.c.rows.get(s.offer.feature)
  const { feature, verb, wanted } = s.offer
  const row = wanted?.row ?? s.planning.dropRow(feature)
  if (!state || !row) return undefined
  const of = wanted?.of ?? s.from
  const filled = of ? readable(of, s.channel.variables, parts.registry) : { settings: {} }
  const settings = 'settings' in filled ? filled.settings : {}
  const kept = state.kept === null ? {} : { kept: state.kept }
  return {
    kind: 'setting',
    id: settingId(s.channel.no, number),
    channel: s.channel,
    attempt: state.attempts,
    deadline,
    verb,
    feature,
    row,
    settings,
    secrets: secretsOf(s.channel.no, feature),
    ...kept,
    ...(of && { version: versionOf(of, parts.registry.features.get(feature)) }),
  }
}
