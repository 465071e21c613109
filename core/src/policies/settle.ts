/** What devices say of settings they were handed, for many channels in one batch: matched by id, moved by the table, or recorded as unmatched. */
import type { ChannelDetail, FeatureRow, Outcome } from '@muster/contract'
import type { Tx } from '../db/index.ts'
import { noteUnmatched, type Unmatched } from '../operations/index.ts'
import { apply, born, type ChannelState, loadChannels, remove, saveChannels } from './channel-state.ts'
import { enforce, redo, verdictOf } from './enforce.ts'
import { judge } from './judge.ts'
import { documentFeature, type Row, reported } from './machine.ts'
import type { ComplianceVerdict, SetFeature, SettingSaid } from './model.ts'
import type { Planning } from './plan.ts'
import { changed, type Parts, planningFor, planOf, type SetMap, setsOf, tellCompliance } from './take.ts'
import { type Wanted, wantedBy } from './wanted.ts'
import { parseSettingId } from './wire-id.ts'

/** A setting that the device itself refused is not tried again at once. */
const refusedWaitS = 60

interface Batch {
  readonly parts: Parts
  readonly sets: SetMap
  readonly verdicts: ComplianceVerdict[]
  readonly unmatched: Unmatched[]
}
interface Hearing extends Batch {
  readonly c: ChannelState
  readonly planning: Planning
}

export async function settle(tx: Tx, said: readonly SettingSaid[], parts: Parts): Promise<number[]> {
  if (said.length === 0) return []
  const channels = new Map(said.map((s) => [s.channel.no, s.channel]))
  const states = await loadChannels(tx, [...channels.keys()], 'all')
  const batch: Batch = { parts, sets: await parts.sets.load(tx, setsOf(states)), verdicts: [], unmatched: [] }
  const hearings = new Map<number, Hearing>()
  for (const [no, c] of states) {
    const channel = channels.get(no)
    if (channel) hearings.set(no, { ...batch, c, planning: planningFor(c, channel, batch.sets, parts) })
  }
  for (const s of said) hear(s, hearings.get(s.channel.no), batch)
  const heard = parts.heard.get(tx)
  for (const [no, h] of hearings) {
    const report = heard?.get(no)
    if (report)
      for (const w of h.planning.wanted.values()) if (h.c.changes.has(w.feature)) judge({ ...h, said: report }, w)
  }
  await noteUnmatched(tx, batch.unmatched)
  return finish(tx, states, hearings.values(), batch.verdicts, parts)
}

/** Writes, tells compliance, and answers who has something to fetch now. */
export async function finish(
  tx: Tx,
  states: ReadonlyMap<number, ChannelState>,
  all: Iterable<{ c: ChannelState; planning: Planning }>,
  verdicts: readonly ComplianceVerdict[],
  parts: Parts,
): Promise<number[]> {
  const channels: ChannelDetail[] = []
  for (const { c, planning } of all) {
    channels.push(planning.channel)
    if (c.changes.size > 0 || c.redo.size > 0) c.ready = planOf(c, planning, parts).length > 0
  }
  await saveChannels(tx, states.values())
  await changed(tx, parts, channels, states)
  await tellCompliance(tx, states, verdicts, parts)
  return [...states.values()].filter((c) => c.ready).map((c) => c.channel)
}

function hear(s: SettingSaid, h: Hearing | undefined, batch: Batch): void {
  const id = s.id === undefined ? undefined : parseSettingId(s.id)
  if (id && id.channel !== s.channel.no) return unmatched(batch, s, 'foreign')
  const row = h && find(h.c, s, id)
  if (!h || !row) return unmatched(batch, s, 'unknown')
  if (s.id !== undefined && s.ref !== undefined && row.ref !== s.ref) apply(h.c, row.feature, { row: { ref: s.ref } })
  const outcome = read(s, row, h)
  if (row.verb === 'drop') dropAnswered(h, s, row, outcome)
  else putAnswered(h, s, row, outcome)
}

function find(c: ChannelState, s: SettingSaid, id: ReturnType<typeof parseSettingId>): Row | undefined {
  const rows = [...c.rows.values()]
  if (id?.kind === 'setting') return rows.find((r) => r.delivery === id.delivery && r.feature !== documentFeature)
  if (id?.kind === 'document') return rows.find((r) => r.feature === documentFeature && r.set === id.set)
  return s.ref === undefined ? undefined : rows.find((r) => r.ref === s.ref)
}

/** A reply is read by the row that wrote the request; without one, or when it fails, it is unreadable. */
function read(s: SettingSaid, row: Row, h: Hearing): Outcome {
  if (!('reply' in s.outcome)) return s.outcome
  const speaks: FeatureRow | undefined = h.planning.wanted.get(row.feature)?.row ?? h.planning.dropRow(row.feature)
  try {
    return (
      speaks?.from?.(s.outcome.reply, s.channel) ?? {
        state: 'unreadable',
        reason: { code: 'unreadable', text: 'This platform does not read replies to this setting.' },
      }
    )
  } catch (err) {
    h.parts.log.error(
      { err, feature: row.feature, channel: s.channel.no },
      'a platform failed to read the reply to a setting',
    )
    return { state: 'unreadable', reason: { code: 'unreadable', text: 'The platform failed to read the reply.' } }
  }
}

function dropAnswered(h: Hearing, s: SettingSaid, row: Row, outcome: Outcome): void {
  const step = reported(row, outcome)
  const open = typeof step === 'object' && 'row' in step
  if (outcome.state === 'completed' && (open || row.state === 'acknowledged')) return remove(h.c, row.feature)
  if (step === 'same') return
  if (!open) return unmatched(h, s, step.unmatched)
  apply(h.c, row.feature, step)
}

function putAnswered(h: Hearing, s: SettingSaid, row: Row, outcome: Outcome): void {
  const step = reported(row, outcome)
  if (step === 'same') return
  if ('unmatched' in step) return unmatched(h, s, step.unmatched)
  apply(h.c, row.feature, step)
  const after = h.c.rows.get(row.feature)
  if (!after || after.state === 'pending') return
  if (row.feature === documentFeature) documentSettled(h, after)
  else settingSettled(h, after)
}

function settingSettled(h: Hearing, row: Row): void {
  h.c.redo.delete(row.feature)
  const of = setFeature(h, row)
  if (!of) return
  const w = h.planning.wanted.get(row.feature)
  const checked = w?.row?.check !== undefined
  if (row.state === 'acknowledged') say(h, of, { state: 'unknown', reason: notChecked(checked), weak: checked })
  if (row.state === 'not-applicable') say(h, of, { state: 'none' })
  if (row.state === 'failed')
    say(h, of, {
      state: 'violated',
      reason: row.reason,
      exhausted: w?.hash === row.hash && enforce(h.c, row.feature, of.action, refusedWaitS),
    })
}

function notChecked(checkable: boolean) {
  return checkable
    ? { code: 'not-checked-yet', text: 'The device applied it and has not reported since.' }
    : { code: 'not-checkable', text: 'The device says it applied it; this platform cannot check it.' }
}

function setFeature(h: Hearing, row: Row): SetFeature | undefined {
  return h.planning.wanted.get(row.feature)?.of ?? h.sets.get(row.set ?? 0)?.find((f) => f.feature === row.feature)
}

function say(
  h: Batch & { c: ChannelState; planning: Planning },
  of: SetFeature,
  v: Parameters<typeof verdictOf>[2],
): void {
  h.verdicts.push(verdictOf(h.c, of, v))
}

/** The answer to a document is the answer to each of its features. */
function documentSettled(h: Hearing, row: Row): void {
  const { c, planning, parts } = h
  const set = h.sets.get(row.set ?? 0) ?? []
  const wanted = wantedBy(planning.channel, c.kinds, set, parts.registry, parts.log)
  c.redo.clear()
  if (row.state !== 'acknowledged') {
    for (const w of wanted.values()) documentFailed(h, w, row)
    if (row.state === 'failed') redo(c, documentFeature, refusedWaitS)
    return
  }
  c.applied = row.set
  apply(c, documentFeature, { row: { tries: 0 } })
  for (const w of wanted.values()) documentPlaced(h, w, row)
  for (const feature of [...c.rows.keys()]) if (feature !== documentFeature && !wanted.has(feature)) remove(c, feature)
}

function documentPlaced(h: Hearing, w: Wanted, doc: Row): void {
  const was = h.c.rows.get(w.feature)
  const state = w.refused ? 'not-applicable' : 'acknowledged'
  if (was?.hash === w.hash && (was.state === 'verified' || was.state === state)) return
  const tries = was?.hash === w.hash ? was.tries : 0
  born(h.c, {
    feature: w.feature,
    verb: 'put',
    hash: w.hash,
    set: doc.set,
    state,
    reason: w.refused ?? null,
    tries,
    placed: true,
    attempts: doc.attempts,
  })
  const checked = w.row?.check !== undefined
  say(h, w.of, w.refused ? { state: 'none' } : { state: 'unknown', reason: notChecked(checked), weak: checked })
}

function documentFailed(h: Hearing, w: Wanted, doc: Row): void {
  const was = h.c.rows.get(w.feature)
  if (w.refused || (was?.hash === w.hash && was.state !== 'drifted')) return
  const state = doc.state === 'not-applicable' ? 'not-applicable' : 'failed'
  born(h.c, {
    feature: w.feature,
    verb: 'put',
    hash: w.hash,
    set: doc.set,
    state,
    reason: doc.reason,
    tries: was?.tries ?? 0,
    placed: was?.placed ?? false,
    attempts: doc.attempts,
  })
  say(h, w.of, state === 'failed' ? { state: 'violated', reason: doc.reason } : { state: 'none' })
}

function unmatched(batch: Batch, s: SettingSaid, why: string): void {
  batch.unmatched.push({
    channel: s.channel.no,
    ref: s.id ?? s.ref ?? '',
    said: s.outcome,
    why,
  })
}
