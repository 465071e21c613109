/** What has to happen so that the server holds what the file says: computed first, shown, and only then done. */
import { isDeepStrictEqual } from 'node:util'
import { answer, type Catalog, type MusterClient, type Policy } from '@muster/client'
import { type JsonObject, mapSecrets, secretsIn } from '@muster/contract'
import { isMask, mask, type WantedPolicy } from './policy-file.ts'
import { UsageError } from './terminal.ts'

export interface Change {
  path: string
  from: unknown
  to: unknown
}
export type Step =
  | { do: 'create'; name: string; policy: WantedPolicy }
  | { do: 'change'; name: string; policy: WantedPolicy; now: Policy; changes: Change[]; paths: string[] }
  /** Nothing else differs. The server shows no secrets, so that it alone can tell whether these do: by taking them. */
  | { do: 'secrets'; name: string; policy: WantedPolicy; now: Policy; paths: string[] }
  | { do: 'delete'; name: string; now: Policy }
  | { do: 'order'; name: string; platform: string; order: string[] }

export interface Names {
  ids: Record<'roles' | 'users' | 'groups', Map<string, string>>
  names: Record<'roles' | 'users' | 'groups', Map<string, string>>
}
type Assignment = Policy['assignment']
const named = ['roles', 'users', 'groups'] as const

/** A policy of the server in the words of the file. */
export function inWords(p: Policy, n: Names): WantedPolicy {
  const assignment: Record<string, unknown> = {}
  for (const [key, values] of Object.entries(p.assignment)) {
    if (values === undefined || values.length === 0) continue
    const known = n.names[key as 'roles']
    assignment[key] = known ? values.map((id) => known.get(id) ?? id).sort() : [...values].sort()
  }
  const features = p.features.map((f) => [f.feature, { action: f.action, graceS: f.graceS, settings: f.settings }])
  const { name, platform, description, state } = p
  return { name, platform, description, state, assignment, features: Object.fromEntries(features) }
}

/** The assignment with ids; UsageError for a name that nothing has. */
function inIds(w: WantedPolicy, n: Names): Assignment {
  const entries = Object.entries(w.assignment).map(([key, values]) => {
    if (!named.includes(key as 'roles')) return [key, values]
    const known = n.ids[key as 'roles']
    return [
      key,
      (values ?? []).map((name) => {
        const id = known.get(name)
        if (id === undefined) throw new UsageError(`${w.name}: nothing in ${key} is called ${name}`)
        return id
      }),
    ]
  })
  return Object.fromEntries(entries) as Assignment
}

interface PlanInput {
  wanted: readonly WantedPolicy[]
  now: readonly Policy[]
  names: Names
  catalog: Catalog
  /** Policies that the file does not name go, on the platforms that it names. */
  prune: boolean
}

export function makePlan({ wanted, now, names, catalog, prune }: PlanInput): Step[] {
  const steps: Step[] = []
  const platforms = [...new Set(wanted.map((w) => w.platform))]
  for (const w of wanted) {
    inIds(w, names)
    const found = now.find((p) => p.name === w.name)
    if (!found) {
      steps.push({ do: 'create', name: w.name, policy: w })
      continue
    }
    if (found.platform !== w.platform)
      throw new UsageError(`${w.name} is a policy of ${found.platform}: the platform of a policy never changes`)
    const changes = differences(
      comparable(hidden(inWords(found, names), catalog), catalog),
      comparable(hidden(w, catalog), catalog),
      found,
    )
    const paths = sameSecrets(w, found, catalog)
    if (changes.length > 0) steps.push({ do: 'change', name: w.name, policy: w, now: found, changes, paths })
    else if (paths.length > 0) steps.push({ do: 'secrets', name: w.name, policy: w, now: found, paths })
  }
  const kept = new Set(wanted.map((w) => w.name))
  if (prune)
    for (const p of now)
      if (platforms.includes(p.platform) && !kept.has(p.name)) steps.push({ do: 'delete', name: p.name, now: p })
  for (const platform of platforms) {
    const order = wantedOrder(platform, wanted, now, prune)
    // Where they would stand without this step: those there now, then the new ones.
    const there = now.filter((p) => p.platform === platform && order.includes(p.name)).sort(byPriority)
    const left = [...there.map((p) => p.name), ...order.filter((n) => !there.some((p) => p.name === n))]
    if (!isDeepStrictEqual(order, left)) steps.push({ do: 'order', name: platform, platform, order })
  }
  return steps
}

const byPriority = (a: Policy, b: Policy) => a.priority - b.priority

/** Those of the file in its order, then the others in theirs. */
function wantedOrder(
  platform: string,
  wanted: readonly WantedPolicy[],
  now: readonly Policy[],
  prune: boolean,
): string[] {
  const mine = wanted.filter((w) => w.platform === platform).map((w) => w.name)
  const others = now.filter((p) => p.platform === platform && !mine.includes(p.name)).sort(byPriority)
  return prune ? mine : [...mine, ...others.map((p) => p.name)]
}

/** With the defaults that the server would fill in, and lists of names in one order. */
function comparable(w: WantedPolicy, catalog: Catalog): WantedPolicy {
  const features = Object.entries(w.features).map(([id, f]) => {
    const schema = catalog.features.find((x) => x.id === id)?.schema
    return [id, { ...f, settings: withDefaults(f.settings, schema) }]
  })
  const assignment = Object.entries(w.assignment).flatMap(([k, v]) =>
    v === undefined || v.length === 0 ? [] : [[k, [...v].sort()]],
  )
  return { ...w, assignment: Object.fromEntries(assignment), features: Object.fromEntries(features) }
}
function withDefaults(value: unknown, schema: unknown): Record<string, unknown> {
  const properties = (schema as { properties?: Record<string, { default?: unknown }> } | undefined)?.properties ?? {}
  const defaults = Object.entries(properties).flatMap(([k, s]) => (s.default === undefined ? [] : [[k, s.default]]))
  return { ...Object.fromEntries(defaults), ...(value as Record<string, unknown>) }
}

const secretsOf = (catalog: Catalog, feature: string) => catalog.features.find((f) => f.id === feature)?.secret ?? []

/** Secrets that the file names and the server has: whether they are the same is not to be seen. */
function sameSecrets(w: WantedPolicy, now: Policy, catalog: Catalog): string[] {
  return Object.entries(w.features).flatMap(([id, f]) => {
    const patterns = secretsOf(catalog, id)
    const there = now.features.find((x) => x.feature === id)?.settings ?? {}
    const had = new Set(secretsIn(there as JsonObject, patterns).flatMap((s) => (isMask(s.value) ? [s.path] : [])))
    return secretsIn(f.settings as JsonObject, patterns)
      .filter((s) => had.has(s.path) && !isMask(s.value))
      .map((s) => `features.${id}.settings.${s.path.replaceAll('/', '.')}`)
  })
}

/** As the server would show it: secrets are compared, and printed, by being there. */
function hidden(w: WantedPolicy, catalog: Catalog): WantedPolicy {
  const features = Object.entries(w.features).map(([id, f]) => [
    id,
    { ...f, settings: mapSecrets(f.settings as JsonObject, secretsOf(catalog, id), () => mask) },
  ])
  return { ...w, features: Object.fromEntries(features) }
}

/** Leaf by leaf. */
function differences(from: WantedPolicy, to: WantedPolicy, now: Policy): Change[] {
  const changes = walk('', from, to)
  if (now.unpublished && changes.length === 0) changes.push({ path: 'published', from: false, to: true })
  return changes
}
function walk(path: string, from: unknown, to: unknown): Change[] {
  if (isDeepStrictEqual(from, to)) return []
  if (!isRecord(from) || !isRecord(to)) return [{ path, from, to }]
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort()
  return keys.flatMap((k) => walk(path === '' ? k : `${path}.${k}`, from[k], to[k]))
}
function isRecord(v: unknown): v is Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v)
}

/** Does the steps one after the other; each policy is published before the next. */
export async function apply(
  client: MusterClient,
  steps: readonly Step[],
  names: Names,
  done: (s: Step, changed: boolean) => void,
): Promise<void> {
  for (const s of steps) {
    let changed = true
    if (s.do === 'create') await create(client, s.policy, names)
    else if (s.do === 'change') await change(client, s, names)
    else if (s.do === 'secrets') changed = await secrets(client, s, names)
    else if (s.do === 'delete') await remove(client, s.now)
    else await order(client, s)
    done(s, changed)
  }
}
function draft(w: WantedPolicy, names: Names) {
  const features = Object.entries(w.features).map(([id, f]) => ({
    feature: id,
    action: f.action,
    graceS: f.graceS,
    settings: f.settings as Record<string, never>,
  }))
  return { name: w.name, description: w.description, assignment: inIds(w, names), features }
}
async function create(client: MusterClient, w: WantedPolicy, names: Names): Promise<void> {
  const made = await answer(client.POST('/api/v1/policies', { body: { ...draft(w, names), platform: w.platform } }))
  await publish(client, made, w.state)
}
async function change(client: MusterClient, s: Extract<Step, { do: 'change' }>, names: Names): Promise<void> {
  const { id, revision } = s.now
  const params = { path: { id }, header: { 'if-match': `"${revision}"` } }
  const saved = await answer(client.PUT('/api/v1/policies/{id}', { params, body: draft(s.policy, names) }))
  await publish(client, saved, s.policy.state)
}
/** The server keeps a secret that is the same as it is, so that only another one makes the draft differ from what is published. */
async function secrets(client: MusterClient, s: Extract<Step, { do: 'secrets' }>, names: Names): Promise<boolean> {
  const { id, revision } = s.now
  const params = { path: { id }, header: { 'if-match': `"${revision}"` } }
  const saved = await answer(client.PUT('/api/v1/policies/{id}', { params, body: draft(s.policy, names) }))
  if (saved.unpublished) await publish(client, saved, s.policy.state)
  return saved.unpublished
}
/** What was saved, and nothing that somebody else saved meanwhile. */
async function publish(client: MusterClient, saved: Policy, wanted: Policy['state']): Promise<void> {
  const params = { path: { id: saved.id } }
  const header = { 'if-match': `"${saved.revision}"` }
  await answer(client.POST('/api/v1/policies/{id}/publish', { params: { ...params, header } }))
  const { state } = await answer(client.GET('/api/v1/policies/{id}', { params }))
  if (wanted === state) return
  if (wanted === 'active') await answer(client.POST('/api/v1/policies/{id}/activate', { params }))
  else await answer(client.POST('/api/v1/policies/{id}/deactivate', { params }))
}
async function remove(client: MusterClient, p: Policy): Promise<void> {
  const params = { path: { id: p.id } }
  if (p.state === 'active') await answer(client.POST('/api/v1/policies/{id}/deactivate', { params }))
  await answer(client.DELETE('/api/v1/policies/{id}', { params }))
}
async function order(client: MusterClient, s: Extract<Step, { do: 'order' }>): Promise<void> {
  const now = await listPolicies(client, s.platform)
  const ids = s.order.flatMap((name) => now.find((p) => p.name === name)?.id ?? [])
  await answer(client.PUT('/api/v1/policies/order', { body: { platform: s.platform, ids } }))
}

export async function listPolicies(client: MusterClient, platform?: string): Promise<Policy[]> {
  const found: Policy[] = []
  let cursor: string | undefined
  do {
    const page = await answer(client.GET('/api/v1/policies', { params: { query: { platform, cursor, limit: 200 } } }))
    found.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return found.sort((a, b) => (a.platform === b.platform ? a.priority - b.priority : a.platform < b.platform ? -1 : 1))
}
