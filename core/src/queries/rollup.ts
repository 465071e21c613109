/** The compliance of a whole device as one SQL expression, for lists, filters and counts. */
import { raw, type Sql } from 'sql-template-tag'

export const complianceStates = ['compliant', 'violated', 'unknown', 'none'] as const
export type ComplianceState = (typeof complianceStates)[number]

/** Any violated -> violated; else any unknown, or settings still on their way -> unknown; else compliant; none where no policy demands anything. */
export function complianceSql(deviceAlias = 'd'): Sql {
  if (!/^[a-z_]+$/.test(deviceAlias)) throw new Error(`not an alias: ${deviceAlias}`)
  return raw(`case
    when exists (select from compliance k where k.device = ${deviceAlias}.no and k.state = 'violated') then 'violated'
    when exists (select from compliance k where k.device = ${deviceAlias}.no and k.state = 'unknown')
      or exists (select from channel kc join channel_set ks on ks.channel = kc.no where kc.device = ${deviceAlias}.no and kc.closed is null and ks.desired is distinct from ks.applied) then 'unknown'
    when exists (select from compliance k where k.device = ${deviceAlias}.no) then 'compliant'
    else 'none' end`)
}
