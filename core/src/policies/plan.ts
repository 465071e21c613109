/** What a channel can be given next: the difference between what it should have and what its rows say. Pure; rows that need no device change here. */
import { type ChannelDetail, type FeatureRow, fillVariables } from '@muster/contract'
import { apply, born, type ChannelState, remove } from './channel-state.ts'
import { hashOf } from './hash.ts'
import { documentFeature, leaseEnded, limits, type Row } from './machine.ts'
import type { Wanted } from './wanted.ts'

export type Offer = {
  readonly feature: string
  readonly life: 'new' | 'again'
  readonly verb: 'put' | 'drop'
  readonly wanted?: Wanted
  readonly correcting: boolean
}

export interface Planning {
  readonly channel: ChannelDetail
  readonly wanted: ReadonlyMap<string, Wanted>
  /** The row that can take a feature away over this channel. */
  readonly dropRow: (feature: string) => FeatureRow | undefined
  /** Offer what the device put off before its time. */
  readonly again: boolean
}

/** Feature by feature. Drops wait until no put is open: a device is never between two settings without one. */
export function planEach(c: ChannelState, p: Planning): Offer[] {
  const puts: Offer[] = []
  for (const w of p.wanted.values()) {
    const offer = planPut(c, w, p)
    if (offer) puts.push(offer)
  }
  const open = [...c.rows.values()].some(
    (r) => r.verb === 'put' && p.wanted.has(r.feature) && (r.state === 'pending' || r.state === 'sent'),
  )
  const drops: Offer[] = []
  for (const row of [...c.rows.values()]) {
    if (p.wanted.has(row.feature) || row.feature === documentFeature) continue
    const offer = planDrop(c, row, p)
    if (offer && puts.length === 0 && !open) drops.push(offer)
  }
  for (const feature of c.redo) if (!c.rows.has(feature) || !p.wanted.has(feature)) c.redo.delete(feature)
  if (puts.length === 0 && c.redo.size === 0 && !owes(c, p.wanted)) c.applied = c.desired
  return [...puts, ...drops]
}

/** Anything that is neither settled nor gone. */
function owes(c: ChannelState, wanted: ReadonlyMap<string, Wanted>): boolean {
  for (const row of c.rows.values()) {
    if (row.state === 'pending' || row.state === 'sent') return true
    if (row.verb === 'put' && !wanted.has(row.feature) && row.feature !== documentFeature) return true
  }
  return false
}

function planPut(c: ChannelState, w: Wanted, p: Planning): Offer | undefined {
  const row = c.rows.get(w.feature)
  const fresh: Offer = { feature: w.feature, life: 'new', verb: 'put', wanted: w, correcting: false }
  if (row?.verb !== 'put' || row.hash !== w.hash || (row.state === 'pending' && w.refused))
    return refuse(c, w, p) ? undefined : fresh
  const resend = resending(c, row, p)
  if (resend !== undefined) return resend ? { ...fresh, life: 'again' } : undefined
  if (!c.redo.has(w.feature)) return undefined
  if (row.state === 'acknowledged' || row.state === 'verified') {
    c.redo.delete(w.feature)
    return undefined
  }
  if (refuse(c, w, p)) return undefined
  // What is corrected waits its time, also for a device that now takes what it put off.
  return row.due ? { ...fresh, correcting: row.state !== 'not-applicable' } : undefined
}

/** True: send it again now. False: on its way, or not yet due. Undefined: not on its way. */
function resending(c: ChannelState, row: Row, p: Planning): boolean | undefined {
  if (row.state === 'sent' && row.leaseOver) {
    // Giving up is the tick's: it also reaches devices that never come back.
    const ended = leaseEnded(row)
    if (ended.row.state === 'failed') return false
    apply(c, row.feature, ended)
    return true
  }
  if (row.state === 'sent') return false
  if (row.state === 'pending') return row.due || p.again
  return undefined
}

/** Settles what is not sent at all: what the channel cannot do, and what lacks a variable. */
function refuse(c: ChannelState, w: Wanted, p: Planning): boolean {
  const reason = w.refused ?? missingVariables(w, p.channel)
  if (!reason) return false
  c.redo.delete(w.feature)
  const state = w.refused ? 'not-applicable' : 'failed'
  const row = c.rows.get(w.feature)
  if (row?.verb === 'put' && row.hash === w.hash && row.state === state && row.reason?.text === reason.text) return true
  born(c, {
    feature: w.feature,
    verb: 'put',
    hash: w.hash,
    set: c.desired,
    state,
    reason,
    tries: 0,
    placed: row?.placed ?? false,
  })
  c.refused.push({ of: w.of, state: w.refused ? 'none' : 'violated', reason })
  return true
}

function missingVariables(w: Wanted, c: ChannelDetail) {
  const filled = w.of.variables.length > 0 ? fillVariables(w.of.settings, c.variables) : undefined
  if (!filled || 'settings' in filled) return undefined
  return { code: 'missing-variable', text: `This device has no value for ${filled.missing.join(', ')}.` }
}

function planDrop(c: ChannelState, row: Row, p: Planning): Offer | undefined {
  const offer: Offer = { feature: row.feature, life: 'new', verb: 'drop', correcting: false }
  if (row.verb === 'drop' && p.dropRow(row.feature))
    return resending(c, row, p) ? { ...offer, life: 'again' } : undefined
  if (row.verb === 'put' && row.placed && p.dropRow(row.feature)) return offer
  remove(c, row.feature)
  return undefined
}

/** One document for the whole set. */
export function planWhole(c: ChannelState, p: Planning): Offer | undefined {
  if (c.desired === null) return undefined
  const hash = documentHash(p.wanted)
  const row = c.rows.get(documentFeature)
  const correcting = [...c.redo].some((f) => c.rows.get(f)?.due ?? true)
  const fresh: Offer = { feature: documentFeature, life: 'new', verb: 'put', correcting }
  if (row && row.hash === hash) {
    const resend = resending(c, row, p)
    if (resend !== undefined) return resend ? { ...fresh, life: 'again', correcting: false } : undefined
    if (correcting || (p.again && c.redo.size > 0)) return { ...fresh, correcting: true }
    if (c.redo.size === 0) c.applied = c.desired
    return undefined
  }
  if (!row && p.wanted.size === 0 && c.applied === null) {
    c.applied = c.desired
    return undefined
  }
  let lacking = false
  for (const w of p.wanted.values()) if (!w.refused && missingVariables(w, p.channel)) lacking = refuse(c, w, p)
  if (!lacking) return fresh
  return undefined
}

export function documentHash(wanted: ReadonlyMap<string, Wanted>): string {
  return hashOf([...wanted.values()].map((w) => [w.feature, w.hash]))
}

/** The offer becomes a row that is sent, with a lease. */
export function send(c: ChannelState, o: Offer, hash: string): void {
  const row = c.rows.get(o.feature)
  if (o.life === 'again' && row) {
    apply(c, o.feature, {
      row: { state: 'sent', attempts: row.attempts + 1, placed: true },
      leaseS: limits.leaseS,
      dueS: null,
    })
    return
  }
  const tries = o.correcting ? (row?.tries ?? 0) + 1 : 0
  // A drop keeps the set it was put from: there are the settings to take away.
  const set = o.verb === 'drop' ? (row?.set ?? null) : c.desired
  born(
    c,
    { feature: o.feature, verb: o.verb, hash, set, state: 'sent', attempts: 1, tries, placed: true },
    { leaseS: limits.leaseS },
  )
  if (o.feature !== documentFeature || !o.correcting) return
  for (const feature of c.redo) {
    const drifted = c.rows.get(feature)
    if (drifted && feature !== documentFeature) apply(c, feature, { row: { tries: drifted.tries + 1 }, dueS: null })
  }
}
