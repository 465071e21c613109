/** What one device should have and has, value by value: whose it is, how far it got, why, and since when. */
import { type Json, Problem, type Reason, textIn } from '@muster/contract'
import type { Sqlish } from '../db/index.ts'
import { channelKind } from '../registry/index.ts'
import { documentFeature } from './machine.ts'
import type { EffectiveFeature, EffectivePolicy, SetFeature, SettingState } from './model.ts'
import { masked } from './sealing.ts'
import type { Parts } from './take.ts'
import { goesOver } from './wanted.ts'

interface ChannelRow {
  channel: number
  name: string
  platform: string
  desired: number | null
  applied: number | null
}
interface StateRow {
  channel: number
  feature: string
  verb: 'put' | 'drop'
  hash: string
  set_no: number | null
  state: SettingState
  reason: Reason | null
  evidence: Json
  since: Date
  verified_at: Date | null
}

export async function effective(device: number, parts: Parts): Promise<EffectivePolicy> {
  const { db } = parts
  const channels = await db.query<ChannelRow>({
    name: 'policies-effective-channels',
    values: [device],
    text: 'select c.no as channel, c.name, d.platform, cs.desired, cs.applied from device d left join channel c on c.device = d.no and c.closed is null left join channel_set cs on cs.channel = c.no where d.no = $1 order by c.no',
  })
  const first = channels[0]
  if (!first) throw new Problem('not-found')
  const states = await db.query<StateRow>({
    name: 'policies-effective-states',
    values: [channels.map((c) => c.channel)],
    text: 'select channel, feature, verb, hash, set_no, state, reason, evidence, since, verified_at from feature_state where channel = any($1::bigint[])',
  })
  const main = channels.find((c) => c.desired !== null) ?? first
  const sets = await parts.sets.load(db, [...channels.map((c) => c.desired), ...states.map((s) => s.set_no)])
  const shown = show(channels, states, sets, parts)
  const names = await policyNames(
    db,
    shown.map((s) => s.of),
  )
  return {
    set: text(main.desired),
    desired: text(main.desired),
    applied: text(main.applied),
    features: shown.map(({ of, state }) => view(of, state, names, parts)),
  }
}

interface Shown {
  readonly of: SetFeature
  readonly state: Pick<EffectiveFeature, 'state' | 'reason' | 'evidence' | 'since' | 'verifiedAt'>
}

function show(
  channels: readonly ChannelRow[],
  states: readonly StateRow[],
  sets: ReadonlyMap<number, readonly SetFeature[]>,
  parts: Parts,
): Shown[] {
  const kinds = channels.map((c) => channelKind(c.name ?? ''))
  const shown = new Map<string, Shown>()
  for (const c of channels) {
    for (const of of sets.get(c.desired ?? 0) ?? []) {
      const rows = parts.registry.featureRows(c.platform, of.feature)
      if (goesOver(rows, channelKind(c.name), kinds))
        shown.set(of.feature, {
          of,
          state: stateOf(
            states.find((s) => s.channel === c.channel && s.feature === of.feature),
            of,
          ),
        })
      else if (!shown.has(of.feature) && !rows.some((r) => kinds.includes(r.channel)))
        shown.set(of.feature, { of, state: nowhere })
    }
  }
  for (const s of states) {
    const of =
      shown.has(s.feature) || s.feature === documentFeature
        ? undefined
        : sets.get(s.set_no ?? 0)?.find((f) => f.feature === s.feature)
    if (of) shown.set(s.feature, { of, state: { ...stateOf(s, of), state: 'removing' } })
  }
  return [...shown.values()].sort((a, b) => (a.of.feature < b.of.feature ? -1 : 1))
}

const waiting = { state: 'pending', reason: null, evidence: null, since: null, verifiedAt: null } as const
const nowhere = {
  ...waiting,
  state: 'not-applicable',
  reason: { code: 'no-channel', text: 'This device has no channel over which it could be set.' },
} as const

/** A row of settings that have changed since says nothing about the new ones. */
function stateOf(s: StateRow | undefined, of: SetFeature): Shown['state'] {
  if (s?.verb !== 'put' && s !== undefined) return { ...waiting, since: s.since.toISOString() }
  if (!s || (of.variables.length === 0 && s.hash !== of.hash)) return waiting
  return {
    state: s.state,
    reason: s.reason,
    evidence: s.evidence,
    since: s.since.toISOString(),
    verifiedAt: s.verified_at?.toISOString() ?? null,
  }
}

async function policyNames(q: Sqlish, features: readonly SetFeature[]): Promise<Map<number, string>> {
  const numbers = [...new Set(features.map((f) => f.policy))]
  if (numbers.length === 0) return new Map()
  const rows = await q.query<{ no: number; name: string }>({
    name: 'policies-names',
    text: 'select no, name from policy where no = any($1::bigint[])',
    values: [numbers],
  })
  return new Map(rows.map((r) => [r.no, r.name]))
}

function view(
  of: SetFeature,
  state: Shown['state'],
  names: ReadonlyMap<number, string>,
  parts: Parts,
): EffectiveFeature {
  const d = parts.registry.features.get(of.feature)
  const origins = Object.fromEntries(
    Object.entries(of.origins).map(([at, o]) => [at, { policy: String(o.policy), version: o.version }]),
  )
  return {
    feature: of.feature,
    title: textIn(d?.title ?? of.feature),
    settings: masked(of.settings, d),
    policy: { id: String(of.policy), name: names.get(of.policy) ?? '', version: of.version },
    origins,
    action: of.action,
    ...state,
  }
}

function text(no: number | null): string | null {
  return no === null ? null : String(no)
}
