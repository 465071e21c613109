/** What administrators do with policies: drafts with revisions, versions that never change, order, and the words published from them. */
import { Problem } from '@muster/contract'
import sql, { empty } from 'sql-template-tag'
import { checkInput, isUniqueViolation, jsonText, pageOf, readCursor, type Sqlish, type Tx } from '../db/index.ts'
import {
  checkDraft,
  describe,
  featuresOf,
  newPolicySchema,
  type PolicyRow,
  policyView,
  type StoredDraft,
  type VersionRow,
  versionView,
} from './draft.ts'
import { evaluate, lockAll } from './evaluate.ts'
import type { Draft, NewPolicy, Policies, PolicyView } from './model.ts'
import { weighSelfWipes, writersOf } from './self-wipe.ts'
import type { Parts } from './take.ts'

export type Authoring = Pick<
  Policies,
  | 'list'
  | 'get'
  | 'create'
  | 'saveDraft'
  | 'publish'
  | 'activate'
  | 'deactivate'
  | 'reorder'
  | 'rollback'
  | 'remove'
  | 'versions'
>

const columns = sql`p.no, p.name, p.description, p.platform, p.priority, p.state, p.draft, p.draft_revision, p.version, p.created, p.created_by,
  p.draft is not null and not exists (select from policy_version v where v.policy = p.no and v.version = p.version and v.assignment = p.draft->'assignment'
    and (select coalesce(jsonb_agg(jsonb_build_object('feature', f->'feature', 'settings', f->'settings')), '[]') from jsonb_array_elements(p.draft->'features') f) = v.features
    and (select coalesce(jsonb_object_agg(f->>'feature', jsonb_build_object('action', f->'action', 'graceS', f->'graceS')), '{}') from jsonb_array_elements(p.draft->'features') f) = v.compliance) as unpublished`

export function createAuthoring(parts: Parts): Authoring {
  const { db } = parts

  async function list(o: { platform?: string; cursor?: string; limit: number }) {
    const [platform, priority] = o.cursor === undefined ? [] : readCursor(o.cursor, ['text', 'no'])
    const only = o.platform === undefined ? empty : sql`and p.platform = ${o.platform}`
    const after =
      o.cursor === undefined ? empty : sql`and (p.platform, p.priority) > (${platform}::text, ${priority}::int)`
    const rows = await db.query<PolicyRow>(
      sql`select ${columns} from policy p where true ${only} ${after} order by p.platform, p.priority limit ${o.limit + 1}`,
    )
    return pageOf(
      rows,
      o.limit,
      (r) => policyView(r, parts),
      (r) => [r.platform, r.priority],
    )
  }

  async function create(policy: NewPolicy, actor: string): Promise<PolicyView> {
    const { platform, priority, ...draft } = checkInput(newPolicySchema, policy)
    if (!parts.registry.platforms.has(platform)) throw new Problem('unknown-platform', { platform })
    return named(() =>
      db.tx(async (tx) => {
        await lockAll(tx)
        const place = await makePlace(tx, platform, priority)
        const [made] = await tx.query<{ no: number }>(
          sql`insert into policy (name, description, platform, priority, created_by) values (${draft.name}, ${draft.description}, ${platform}, ${place}, ${actor}) returning no`,
        )
        const no = made?.no ?? 0
        const stored = await checkDraft(tx, { no, platform, draft: null }, draft as Draft, parts)
        await tx.affected(sql`update policy set draft = ${jsonText(stored)}::jsonb where no = ${no}`)
        await tell(tx, { no, version: 0 }, 'created', actor, {
          name: draft.name,
          platform,
          features: stored.features.map((f) => f.feature),
        })
        return policyView(await need(tx, no), parts)
      }, 'policy.create'),
    )
  }

  async function saveDraft(no: number, revision: number, draft: Draft, actor: string): Promise<PolicyView> {
    return named(() =>
      db.tx(async (tx) => {
        const row = await need(tx, no, true)
        mustBe(row, revision)
        const stored = await checkDraft(tx, row, draft, parts)
        await tx.affected(
          sql`update policy set name = ${draft.name}, description = ${draft.description ?? ''}, draft = ${jsonText(stored)}::jsonb, draft_revision = draft_revision + 1 where no = ${no} and draft_revision = ${revision}`,
        )
        await tell(tx, row, 'saved', actor, { revision: revision + 1, features: stored.features.map((f) => f.feature) })
        return policyView(await need(tx, no), parts)
      }, 'policy.save'),
    )
  }

  function publish(no: number, actor: string, revision?: number) {
    return db.tx(async (tx) => {
      await lockAll(tx)
      const row = await need(tx, no, true)
      if (revision !== undefined) mustBe(row, revision)
      if (!row.draft) throw new Problem('wrong-state', { state: 'without a draft' })
      // Pressed twice, or nothing was changed since: what stands is the answer, and nobody is told of news.
      if (row.version > 0 && !row.unpublished)
        return { id: String(no), version: row.version, devices: await reach(tx, row) }
      const authors = await writersOf(tx, no)
      return nextVersion(tx, row, { draft: row.draft, actor, what: 'published', authors })
    }, 'policy.publish')
  }

  function rollback(no: number, version: number, actor: string) {
    return db.tx(async (tx) => {
      await lockAll(tx)
      const row = await need(tx, no, true)
      const [old] = await tx.query<VersionRow>(
        sql`select version, assignment, features, compliance, author, at from policy_version where policy = ${no} and version = ${version}`,
      )
      if (!old) throw new Problem('not-found', { version })
      const draft: StoredDraft = { assignment: old.assignment, features: featuresOf(old) }
      await tx.affected(
        sql`update policy set draft = ${jsonText(draft)}::jsonb, draft_revision = draft_revision + 1 where no = ${no}`,
      )
      return nextVersion(tx, row, { draft, actor, what: `rolled back to ${version}`, authors: [old.author] })
    })
  }

  async function nextVersion(
    tx: Tx,
    row: PolicyRow,
    { draft, actor, what, authors }: { draft: StoredDraft; actor: string; what: string; authors: readonly string[] },
  ) {
    for (const f of draft.features) describe(f.feature, row.platform, parts)
    const version = row.version + 1
    const features = draft.features.map((f) => ({ feature: f.feature, settings: f.settings }))
    const compliance = Object.fromEntries(
      draft.features.map((f) => [f.feature, { action: f.action, graceS: f.graceS }]),
    )
    await tx.affected(sql`insert into policy_version (policy, version, assignment, features, compliance, author)
      values (${row.no}, ${version}, ${jsonText(draft.assignment)}::jsonb, ${jsonText(features)}::jsonb, ${jsonText(compliance)}::jsonb, ${actor})`)
    // The first version starts to count at once; later ones leave an inactive policy inactive.
    const state = row.version === 0 ? 'active' : row.state
    await tx.affected(
      sql`update policy set version = ${version}, state = ${state} where no = ${row.no} and version = ${row.version}`,
    )
    const next = { ...row, version, state }
    const reached = await reaching(tx, next, what, actor)
    const before = row.state === 'active' ? row.version : undefined
    await weighSelfWipes(tx, next, { before, devices: reached.devices, actor, authors }, parts)
    return reached
  }

  /** Devices that get it, whose settings follow. */
  async function reach(tx: Tx, row: Pick<PolicyRow, 'no' | 'platform'>): Promise<number> {
    return (await evaluate(tx, { platform: row.platform }, parts)).reach.get(row.no) ?? 0
  }

  async function reaching(tx: Tx, row: PolicyRow, what: string, actor: string) {
    const devices = await reach(tx, row)
    await tell(tx, row, what, actor, { version: row.version, devices })
    return { id: String(row.no), version: row.version, devices }
  }

  async function turn(tx: Tx, no: number, from: 'active' | 'inactive', to: 'active' | 'inactive', actor: string) {
    await lockAll(tx)
    const row = await need(tx, no, true)
    if (row.version === 0) throw new Problem('wrong-state', { state: 'never published' })
    await tx.affected(sql`update policy set state = ${to} where no = ${no} and state = ${from}`)
    const turned = { ...row, state: to }
    const reached = await reaching(tx, turned, to === 'active' ? 'activated' : 'deactivated', actor)
    const [version] = await tx.query<{ author: string }>(
      sql`select author from policy_version where policy = ${no} and version = ${row.version}`,
    )
    const o = { devices: reached.devices, actor, authors: version ? [version.author] : [] }
    if (row.state !== to) await weighSelfWipes(tx, turned, o, parts)
    return reached
  }

  async function deactivate(no: number, actor: string): Promise<PolicyView> {
    return db.tx(async (tx) => {
      await turn(tx, no, 'active', 'inactive', actor)
      return policyView(await need(tx, no), parts)
    }, 'policy.switch')
  }

  async function reorder(platform: string, order: readonly number[], actor: string): Promise<void> {
    if (!parts.registry.platforms.has(platform)) throw new Problem('unknown-platform', { platform })
    await db.tx(async (tx) => {
      await lockAll(tx)
      const rows = await tx.query<{ no: number }>(sql`select no from policy where platform = ${platform}`)
      if (
        rows.length !== order.length ||
        new Set(order).size !== order.length ||
        rows.some((r) => !order.includes(r.no))
      )
        throw new Problem('conflict', { policies: rows.map((r) => String(r.no)) })
      await tx.affected(
        sql`update policy p set priority = o.place from unnest(${order}::bigint[]) with ordinality as o(no, place) where p.no = o.no and p.priority <> o.place`,
      )
      await evaluate(tx, { platform }, parts)
      await parts.audit.write(tx, {
        actor,
        act: 'policy.reordered',
        subject: `platform:${platform}`,
        detail: { order: [...order] },
      })
      await parts.events.emitMany(
        tx,
        order.map((policy) => ({ type: 'policy.changed' as const, data: { policy, version: 0, what: 'reordered' } })),
      )
    })
  }

  async function remove(no: number, actor: string): Promise<void> {
    await db.tx(async (tx) => {
      await lockAll(tx)
      const row = await need(tx, no, true)
      if (row.state === 'active') throw new Problem('wrong-state', { state: row.state })
      await tx.affected(sql`delete from policy where no = ${no} and state = 'inactive'`)
      await tell(tx, row, 'removed', actor, { name: row.name })
    })
  }

  async function versions(no: number) {
    await need(db, no)
    const rows = await db.query<VersionRow>(
      sql`select version, assignment, features, compliance, author, at from policy_version where policy = ${no} order by version desc`,
    )
    return rows.map((r) => versionView(r, parts))
  }

  async function need(q: Sqlish, no: number, lock = false): Promise<PolicyRow> {
    const [row] = await q.query<PolicyRow>(
      sql`select ${columns} from policy p where p.no = ${no} ${lock ? sql`for update` : empty}`,
    )
    if (!row) throw new Problem('not-found')
    return row
  }

  async function tell(
    tx: Tx,
    row: { no: number; version: number },
    what: string,
    actor: string,
    detail: { [k: string]: string | number | string[] },
  ): Promise<void> {
    await parts.audit.write(tx, {
      actor,
      act: `policy.${what.split(' ')[0]}`,
      subject: `policy:${row.no}`,
      detail: { ...detail, what },
    })
    await parts.events.emit(tx, 'policy.changed', { policy: row.no, version: row.version, what })
  }

  return {
    list,
    create,
    saveDraft,
    publish,
    rollback,
    deactivate,
    reorder,
    remove,
    versions,
    get: async (no) => policyView(await need(db, no), parts),
    activate: (no, actor) => db.tx((tx) => turn(tx, no, 'inactive', 'active', actor), 'policy.switch'),
  }
}

/** Room in the order of a platform: at the end, or where asked, moving the others down. The caller holds the lock. */
async function makePlace(tx: Tx, platform: string, asked: number | undefined): Promise<number> {
  const [last] = await tx.query<{ n: number }>(
    sql`select coalesce(max(priority), 0) as n from policy where platform = ${platform}`,
  )
  const end = (last?.n ?? 0) + 1
  const place = Math.min(asked ?? end, end)
  if (place < end)
    await tx.affected(
      sql`update policy set priority = priority + 1 where platform = ${platform} and priority >= ${place}`,
    )
  return place
}

async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (e) {
    if (isUniqueViolation(e, 'policy_name_key')) throw new Problem('already-exists')
    throw e
  }
}

/** Nobody saved since it was read. */
function mustBe(row: PolicyRow, revision: number): void {
  if (row.draft_revision !== revision) throw new Problem('revision-mismatch', { revision: row.draft_revision })
}
