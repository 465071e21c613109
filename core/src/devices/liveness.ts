/** Whether a device is heard from as often as it promised: the one rule, for lists, counts and alerts. */
import sql from 'sql-template-tag'

export const livenessWords = ['reachable', 'unreachable', 'inactive'] as const
export type Liveness = (typeof livenessWords)[number]

/** Over device `d` joined with `seen_last` (at, expect_s). Two missed promises and half a minute make a device unreachable. */
export const livenessSql = sql`case when seen_last.at > now() - make_interval(secs => greatest(seen_last.expect_s, 60) * 2 + 30) then 'reachable'
  when coalesce(seen_last.at, d.created) > now() - interval '14 days' then 'unreachable' else 'inactive' end`
