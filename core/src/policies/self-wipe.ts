/** Policies by which devices erase themselves: weighed by the guard against destruction when they begin to count. */
import sql from 'sql-template-tag'
import type { Tx } from '../db/index.ts'
import type { VersionRow } from './draft.ts'
import type { PoliciesDeps } from './model.ts'

type Parts = Pick<PoliciesDeps, 'registry' | 'demandSelfWipes'>

/** Features of a version by which devices may erase themselves, and whom they are for; '' when there are none. */
async function selfWipes(tx: Tx, policy: number, version: number, { registry }: Parts): Promise<string> {
  const [row] = await tx.query<Pick<VersionRow, 'assignment' | 'features'>>(
    sql`select assignment, features from policy_version where policy = ${policy} and version = ${version}`,
  )
  const erasing = row?.features.filter((f) => registry.features.get(f.feature)?.erases?.(f.settings)) ?? []
  return row && erasing.length > 0 ? JSON.stringify([row.assignment, erasing]) : ''
}

/** Who wrote what is published now: since the version before it. */
export async function writersOf(tx: Tx, policy: number): Promise<string[]> {
  const subject = `policy:${policy}`
  const rows = await tx.query<{ actor: string }>(sql`
    select distinct actor from audit where subject = ${subject} and act in ('policy.created', 'policy.saved')
      and no > (select coalesce(max(no), 0) from audit where subject = ${subject} and act in ('policy.published', 'policy.rolled'))`)
  return rows.map((r) => r.actor)
}

/** `row`: as it counts from now on, for so many `devices`; `before`: the version that counted until now, if one did: what it let happen was weighed then. Problem `second-publisher-needed`. */
export async function weighSelfWipes(
  tx: Tx,
  row: { no: number; name: string; version: number; state: string },
  o: { before?: number; devices: number; actor: string; authors: readonly string[] },
  parts: Parts,
): Promise<void> {
  if (row.state !== 'active' || o.devices === 0 || !parts.demandSelfWipes) return
  const now = await selfWipes(tx, row.no, row.version, parts)
  if (now === '' || (o.before !== undefined && now === (await selfWipes(tx, row.no, o.before, parts)))) return
  const { actor, devices, authors } = o
  await parts.demandSelfWipes(tx, { actor, policy: row.no, name: row.name, devices, authors })
}
