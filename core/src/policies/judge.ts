/** One setting judged by what the device reported: verified, drifted, and back; enforced where its policy says so. */
import type { JsonObject, Verdict } from '@muster/contract'
import { apply, type ChannelState } from './channel-state.ts'
import { enforce, verdictOf } from './enforce.ts'
import { judged, type Row } from './machine.ts'
import type { ComplianceVerdict, Reported } from './model.ts'
import type { Planning } from './plan.ts'
import { versionOf } from './sealing.ts'
import type { Parts } from './take.ts'
import { readable, type Wanted } from './wanted.ts'

export interface Judging {
  readonly c: ChannelState
  readonly planning: Planning
  readonly parts: Parts
  readonly said: Reported
  readonly verdicts: ComplianceVerdict[]
}

export function judge(j: Judging, w: Wanted): void {
  const row = j.c.rows.get(w.feature)
  // Settings that changed since are on their way: what is there now is judged when they have arrived.
  if (row?.verb !== 'put' || row.hash !== w.hash) return
  if (row.state === 'not-applicable' && row.attempts === 0) return reconsider(j, w)
  const verdict = verdictFor(j, w)
  if (!verdict || (verdict.state === 'unknown' && j.said.partial)) return
  const step = judged(row, verdict)
  if (step) apply(j.c, w.feature, step)
  const after = j.c.rows.get(w.feature)
  if (after && after.state !== 'pending' && after.state !== 'sent') follow(j, w, after, verdict, step !== undefined)
}

/** The device could not do it when it was offered; facts change. */
function reconsider(j: Judging, w: Wanted): void {
  if (!w.refused) j.c.redo.add(w.feature)
}

function verdictFor(j: Judging, w: Wanted): Verdict | undefined {
  const given = j.said.verdicts
  if (given && Object.hasOwn(given, w.feature)) return given[w.feature]
  if (!w.row?.check || !j.said.facts) return undefined
  const filled = readable(w.of, j.said.channel.variables, j.parts.registry)
  if (!('settings' in filled)) return undefined
  return check(j, w, filled.settings, j.said.facts)
}

function check(j: Judging, w: Wanted, settings: JsonObject, facts: Readonly<JsonObject>): Verdict | undefined {
  try {
    return w.row?.check?.(
      settings,
      facts,
      j.said.channel.facts,
      versionOf(w.of, j.parts.registry.features.get(w.feature)),
    )
  } catch (err) {
    j.parts.log.error({ err, feature: w.feature, channel: j.c.channel }, 'a platform failed to check a setting')
    return { state: 'unknown', reason: { code: 'check-failed', text: 'The platform failed to check this setting.' } }
  }
}

/** `news`: the row changed. An old verdict repeated is passed on only while there is something to enforce. */
function follow(j: Judging, w: Wanted, row: Row, v: Verdict, news: boolean): void {
  const { c, verdicts } = j
  const tell = (state: ComplianceVerdict['state'], exhausted = false) =>
    verdicts.push(
      verdictOf(c, w.of, {
        state,
        exhausted,
        ...(v.state === 'verified' ? {} : { reason: v.reason, evidence: v.evidence ?? null }),
      }),
    )
  switch (v.state) {
    case 'verified':
      c.redo.delete(w.feature)
      if (news) tell('compliant')
      return
    case 'not-applicable':
      c.redo.delete(w.feature)
      if (news) tell('none')
      return
    case 'unknown':
      tell('unknown')
      return
    default: {
      const exhausted = enforce(c, w.feature, w.of.action, row.state === 'failed' && row.tries === 0 ? 60 : 0)
      if (news || exhausted) tell('violated', exhausted)
    }
  }
}
