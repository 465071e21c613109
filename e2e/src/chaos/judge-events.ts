/** Events and audit: each change told exactly once, and everybody who follows hears all of it in order. */
import type { Facts } from './facts.ts'
import type { HeardEvent } from './watchers.ts'

type Tell = (rule: string, text: string) => void
/** Told between nodes alone. */
const inner = new Set(['channels.waiting', 'channels.deferred', 'tokens.revoked', 'credentials.revoked'])
const finals = new Set(['completed', 'failed', 'expired'])

export function judgeEvents(facts: Facts, tell: Tell): void {
  const told = new Map<string, number>()
  const count = (key: string) => told.set(key, (told.get(key) ?? 0) + 1)
  for (const { type, data } of facts.outbox) {
    if (type === 'activity.created') count(`activity ${data.activity}`)
    if (type === 'device.enrolled') count(`enrolment ${data.device} ${data.epoch}`)
    if (type === 'policy.changed' && data.what === 'published') count(`version ${data.policy} ${data.version}`)
    if (type === 'operations.changed')
      for (const [channel, activity, state] of data.rows as [number, number, string][])
        if (finals.has(state)) count(`end ${channel} ${activity} ${state}`)
  }
  const written = new Map<string, number>()
  for (const { act, subject, detail } of facts.audit) {
    const key =
      act === 'device.activate'
        ? `enrolment ${subject?.slice('device:'.length)} ${detail.epoch}`
        : act === 'policy.published'
          ? `version ${subject?.slice('policy:'.length)} ${detail.version}`
          : act.startsWith('operation.')
            ? `activity ${subject?.slice('activity:'.length)}`
            : undefined
    if (key !== undefined) written.set(key, (written.get(key) ?? 0) + 1)
  }
  const once = (of: ReadonlyMap<string, number>, rule: string, key: string) => {
    const n = of.get(key) ?? 0
    if (n !== 1) tell(n === 0 ? `${rule}-missing` : `${rule}-twice`, `${key}: told ${n} times instead of once.`)
  }
  for (const a of facts.activities) {
    once(told, 'event', `activity ${a.no}`)
    // What has no key was sent by Muster itself, in the name of whoever let a device go: the audit holds that act.
    if (a.idem !== null) once(written, 'audit', `activity ${a.no}`)
  }
  for (const v of facts.versions) {
    once(told, 'event', `version ${v.policy} ${v.version}`)
    once(written, 'audit', `version ${v.policy} ${v.version}`)
  }
  for (const e of facts.enrolments) {
    once(told, 'event', `enrolment ${e.device} ${e.epoch}`)
    once(written, 'audit', `enrolment ${e.device} ${e.epoch}`)
  }
  for (const o of facts.operations)
    if (!o.open && finals.has(o.state)) once(told, 'event', `end ${o.channel} ${o.activity} ${o.state}`)
}

/** `outbox`: all that there was to hear. Each once, in that order. */
export function judgeWatcher(
  who: string,
  outbox: readonly HeardEvent[],
  heard: readonly HeardEvent[],
  tell: Tell,
): void {
  const due = outbox.filter((e) => !inner.has(e.type))
  const place = new Map(due.map((e, i) => [e.id, i]))
  let last = -1
  const seen = new Set<string>()
  for (const e of heard) {
    const at = place.get(e.id)
    if (at === undefined) tell(`${who}-strange`, `It heard ${e.type} ${e.id}, which the outbox does not hold.`)
    else if (seen.has(e.id)) tell(`${who}-twice`, `It heard ${e.type} ${e.id} twice.`)
    else if (at < last) tell(`${who}-order`, `It heard ${e.type} ${e.id} too late.`)
    else last = at
    seen.add(e.id)
  }
  const missing = due.filter((e) => !seen.has(e.id))
  const [first] = missing
  if (first) {
    const behind = due.slice(due.indexOf(first)).length - missing.length
    tell(
      `${who}-gap`,
      `It never heard ${missing.length} events, the first of them ${first.type} ${first.id}, and ${behind} of those behind it.`,
    )
  }
}
