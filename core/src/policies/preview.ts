/** What a policy would do before it does it: whom it would reach, what would change there, what could not be delivered, and which policies it meets. Reads only. */
import { type JsonObject, Problem, type Reason, textIn } from '@muster/contract'
import sql, { empty } from 'sql-template-tag'
import { checkInput, type Page, pageOf, readNo, type Tx } from '../db/index.ts'
import { type Clash, clashesOf } from './clashes.ts'
import { type Comparison, comparing, type Side, settingsAsked } from './compare.ts'
import { checkDraft, featuresOf, newPolicySchema, type StoredDraft, type VersionRow } from './draft.ts'
import type { Assignment, Draft } from './model.ts'
import type { ConflictPreview, Counted, PolicyPreview, PreviewRequest, Previews, WhatIf } from './preview-words.ts'
import { masked } from './sealing.ts'
import { readStandings, type Standing, type Standings } from './standings.ts'
import type { Parts } from './take.ts'

interface PolicyNow {
  no: number
  name: string
  priority: number
  platform: string
  state: 'active' | 'inactive'
  draft: StoredDraft | null
  version: number
  assignment: Assignment | null
  features: VersionRow['features'] | null
  compliance: VersionRow['compliance'] | null
}
interface Case {
  subject: { no: number; name: string; platform: string; priority: number; version: number; active: boolean }
  /** In the order of priority. `side`: counts before, after, or both. */
  sides: readonly Side[]
  standings: Standings
  comparisons: ReadonlyMap<Standing, Comparison>
  clashes: readonly Clash[]
}

export function createPreview(parts: Parts): Previews {
  const { db, registry } = parts
  const title = (feature: string) => textIn(registry.features.get(feature)?.title ?? feature)
  const shown = (feature: string, settings: JsonObject) => masked(settings, registry.features.get(feature))

  /** As one moment shows it, and never waited for by anybody. */
  function reading<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return db.tx(async (tx) => {
      await tx.query({ text: 'set transaction isolation level repeatable read read only' })
      return work(tx)
    })
  }

  async function judge(tx: Tx, r: PreviewRequest, device?: number): Promise<Case> {
    const { subject, sides } = await sidesOf(tx, r, parts)
    // As when evaluating: over a fleet only hashing is safe.
    if (device === undefined) await tx.query({ text: `select set_config('enable_nestloop', 'off', true)` })
    const standings = await readStandings(tx, registry, {
      platform: subject.platform,
      reach: r.reach,
      policies: sides,
      features: settingsAsked(sides, registry.features),
      device,
    })
    const clashes = clashesOf(
      sides,
      (feature) => registry.featureRows(subject.platform, feature),
      (feature, err) => parts.log.error({ err, feature }, 'a platform failed to say what settings write'),
    )
    const judged = comparing(sides, registry.features, standings, clashes)
    return { subject, sides, standings, clashes, comparisons: new Map(standings.all.map((s) => [s, judged(s)])) }
  }

  function preview(r: PreviewRequest): Promise<PolicyPreview> {
    return reading(async (tx) => {
      const c = await judge(tx, r)
      const counts = new Map<string, { devices: number; example: Comparison }>()
      for (const [s, one] of c.comparisons) {
        for (const pick of one.picks.keys()) {
          const sum = counts.get(pick)
          counts.set(pick, { devices: (sum?.devices ?? 0) + s.devices, example: sum?.example ?? one })
        }
      }
      const counted = (pick: string): Counted => ({ devices: counts.get(pick)?.devices ?? 0, pick })
      return {
        policy: c.subject.no === 0 ? null : String(c.subject.no),
        name: c.subject.name,
        platform: c.subject.platform,
        priority: c.subject.priority,
        version: c.subject.version,
        active: c.subject.active,
        devices: c.standings.all.reduce((n, s) => n + s.devices, 0),
        reached: counted('reached'),
        gains: counted('gains'),
        loses: counted('loses'),
        changes: counted('changes'),
        same: counted('same'),
        features: featuresIn(c).map((feature) => ({
          feature,
          title: title(feature),
          delivers: counted(`delivers ${feature}`),
          unchanged: counted(`unchanged ${feature}`),
          overridden: counted(`overridden ${feature}`),
          removes: counted(`removes ${feature}`),
          cannot: [...counts]
            .filter(([pick]) => pick.startsWith(`cannot ${feature} `))
            .map(([pick, { example }]) => ({ ...counted(pick), reason: example.picks.get(pick) ?? unknownReason })),
        })),
        conflicts: [...conflictsIn(c, counted), ...clashesIn(c, counted)],
      }
    })
  }

  /** Every feature that this policy sets, or sets no more. */
  function featuresIn(c: Case): string[] {
    const own = c.sides.filter((s) => s.subject).flatMap((s) => s.features.map((f) => f.feature))
    return [...new Set(own)].sort()
  }

  function conflictsIn(c: Case, counted: (pick: string) => Counted): ConflictPreview[] {
    const after = c.sides.find((s) => s.subject && s.after)
    if (!after) return []
    const found: ConflictPreview[] = []
    for (const ours of after.features) {
      for (const [i, other] of c.sides.entries()) {
        const theirs = other.subject ? undefined : other.features.find((f) => f.feature === ours.feature)
        const count = counted(`conflict ${ours.feature} ${other.policy}`)
        if (!theirs || count.devices === 0) continue
        found.push({
          ...count,
          feature: ours.feature,
          title: title(ours.feature),
          with: { id: String(other.policy), name: other.name, priority: other.priority },
          rule: registry.features.get(ours.feature)?.merge.rule === 'union' ? 'union' : 'priority',
          wins: c.sides.indexOf(after) < i,
          ours: shown(ours.feature, ours.settings),
          theirs: shown(ours.feature, theirs.settings),
        })
      }
    }
    return found
  }

  function clashesIn(c: Case, counted: (pick: string) => Counted): ConflictPreview[] {
    const subject = c.sides.findIndex((s) => s.subject && s.after)
    return c.clashes.flatMap(({ ours, theirs, side, keys, pick }) => {
      const count = counted(pick)
      const other = c.sides[side]
      // Within one policy it is said before there is any device.
      if (!other || (count.devices === 0 && side !== subject)) return []
      return [
        {
          ...count,
          feature: ours.feature,
          title: title(ours.feature),
          with: { id: String(other.policy), name: other.name, priority: other.priority },
          rule: 'same' as const,
          wins: false,
          ours: shown(ours.feature, ours.settings),
          theirs: shown(theirs.feature, theirs.settings),
          other: { feature: theirs.feature, title: title(theirs.feature) },
          own: side === subject,
          keys: keys.slice(0, 50),
        },
      ]
    })
  }

  function devices(
    r: PreviewRequest & { pick: string; cursor?: string; limit: number },
  ): Promise<Page<{ id: string; name: string }>> {
    const after = readNo(r.cursor)
    return reading(async (tx) => {
      const c = await judge(tx, r)
      const keys = [...c.comparisons].filter(([, one]) => one.picks.has(r.pick)).map(([s]) => s.key)
      if (keys.length === 0) return { items: [] }
      const rows = await tx.query<{ no: number; id: string; name: string }>(
        sql`select d.no, d.id, d.name from ${c.standings.devices(keys)} ${after === undefined ? empty : sql`and d.no > ${after}`} order by d.no limit ${r.limit + 1}`,
      )
      return pageOf(
        rows,
        r.limit,
        ({ id, name }) => ({ id, name }),
        (d) => [d.no],
      )
    })
  }

  function whatIf(r: PreviewRequest, device: number): Promise<WhatIf> {
    return reading(async (tx) => {
      const c = await judge(tx, r, device)
      const [one] = c.comparisons.values()
      if (!one) return { before: false, after: false, features: [] }
      const nameOf = (policy: number) => c.sides.find((s) => s.policy === policy)?.name ?? ''
      const side = (of: Comparison['features'][number]['before']) =>
        of && {
          settings: shown(of.feature, of.settings),
          policy: { id: String(of.policy), name: nameOf(of.policy) },
        }
      return {
        before: one.before,
        after: one.after,
        features: one.features.map((f) => ({
          feature: f.feature,
          title: title(f.feature),
          outcome: f.outcome,
          reason: f.reason ?? null,
          before: side(f.before) ?? null,
          after: side(f.after) ?? null,
        })),
      }
    })
  }
  return { preview, previewDevices: devices, whatIf }
}

const unknownReason: Reason = { code: 'unknown', text: 'The platform did not say why.' }

/** The policies of the platform as they are and as they would be, first wins. */
async function sidesOf(tx: Tx, r: PreviewRequest, parts: Parts): Promise<Pick<Case, 'subject' | 'sides'>> {
  const platform = r.created ? checkInput(newPolicySchema, r.created).platform : await platformOf(tx, r.policy ?? 0)
  if (!parts.registry.platforms.has(platform)) throw new Problem('unknown-platform', { platform })
  const all = await tx.query<PolicyNow>(sql`
    select p.no, p.name, p.priority, p.platform, p.state, p.draft, p.version, v.assignment, v.features, v.compliance
    from policy p left join policy_version v on v.policy = p.no and v.version = p.version where p.platform = ${platform} order by p.priority`)
  const now = r.created ? undefined : all.find((p) => p.no === r.policy)
  const place = now?.priority ?? Math.min(r.created?.priority ?? all.length + 1, all.length + 1)
  const next = await nextOf(tx, r, now, platform, parts)
  const sides: Side[] = []
  const add = (p: PolicyNow) => {
    if (p.no !== now?.no) {
      if (p.state === 'active' && p.version > 0) sides.push(published(p, { before: true, after: true, subject: false }))
      return
    }
    if (p.state === 'active' && p.version > 0) sides.push(published(p, { before: true, after: false, subject: true }))
    if (next) sides.push(next)
  }
  for (const p of all) {
    if (!now && next && p.priority === place) sides.push({ ...next, priority: place })
    add(p)
  }
  if (!now && next && place > all.length) sides.push({ ...next, priority: place })
  const act = r.act ?? 'publish'
  return {
    subject: {
      no: now?.no ?? 0,
      name: r.draft?.name ?? r.created?.name ?? now?.name ?? '',
      platform,
      priority: place,
      version: next?.version ?? now?.version ?? 0,
      active: act === 'activate' || (act === 'publish' && (!now || now.version === 0 || now.state === 'active')),
    },
    sides,
  }
}

async function platformOf(tx: Tx, no: number): Promise<string> {
  const [row] = await tx.query<{ platform: string }>(sql`select platform from policy where no = ${no}`)
  if (!row) throw new Problem('not-found')
  return row.platform
}

/** What the policy would say then; undefined when it would say nothing. */
async function nextOf(
  tx: Tx,
  r: PreviewRequest,
  now: PolicyNow | undefined,
  platform: string,
  parts: Parts,
): Promise<Side | undefined> {
  const side = { before: false, after: true, subject: true } as const
  if (r.act === 'deactivate') return undefined
  if (r.act === 'activate') {
    if (!now || now.version === 0) throw new Problem('wrong-state', { state: 'never published' })
    return published(now, side)
  }
  const given = r.created ?? r.draft
  const draft = given
    ? await checkDraft(tx, { no: now?.no ?? 0, platform, draft: now?.draft ?? null }, onlyDraft(given), parts)
    : now?.draft
  if (!draft) throw new Problem('wrong-state', { state: 'without a draft' })
  return {
    ...side,
    policy: now?.no ?? 0,
    version: (now?.version ?? 0) + 1,
    name: given?.name ?? now?.name ?? '',
    priority: now?.priority ?? 0,
    assignment: draft.assignment,
    features: draft.features,
  }
}

function onlyDraft({ name, description, assignment, features }: Draft): Draft {
  return { name, description, assignment, features }
}

function published(p: PolicyNow, side: Pick<Side, 'before' | 'after' | 'subject'>): Side {
  return {
    ...side,
    policy: p.no,
    version: p.version,
    name: p.name,
    priority: p.priority,
    assignment: p.assignment ?? {},
    features: featuresOf({ features: p.features ?? [], compliance: p.compliance ?? {} }),
  }
}
