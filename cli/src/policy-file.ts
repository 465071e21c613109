/** Policies as a file people keep in version control: YAML with names instead of ids, and secrets by the environment. */
import { type Document, isNode, LineCounter, parseDocument, stringify } from 'yaml'
import { z } from 'zod'
import { UsageError } from './terminal.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
/** What the server shows in place of a secret. */
export const mask = '••••••••'
/** Behind the mask of a secret in a list stands which one it is. */
export const isMask = (value: unknown): value is string => typeof value === 'string' && value.startsWith(mask)

const names = z.array(z.string().min(1)).optional()
const assignment = z.strictObject({
  roles: names,
  users: names,
  groups: names,
  ownership: names,
  deviceTypes: names,
  formFactors: names,
})
const feature = z.strictObject({
  action: z.enum(['enforce', 'warn', 'monitor']).default('enforce'),
  graceS: z.int().min(0).default(0),
  settings: z.record(z.string(), z.unknown()).default({}),
})
const policy = z.strictObject({
  name: z.string().min(1).max(200),
  platform: z.string().min(1),
  description: z.string().default(''),
  state: z.enum(['active', 'inactive']).default('active'),
  assignment: assignment.default({}),
  features: z.record(z.string(), feature).default({}),
})
/** Policies of one platform stand in their order of priority: the first wins. */
const file = z.strictObject({ policies: z.array(policy) })
export type WantedPolicy = z.output<typeof policy>

/** Throws UsageError that names the line or the member. */
export function readPolicyFile(text: string, env: NodeJS.ProcessEnv): WantedPolicy[] {
  // Aliases are a way to make much out of little; policies need none.
  const lineCounter = new LineCounter()
  // Only one error is told; showing the line of each would cost a long file its square.
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, lineCounter })
  const [error] = document.errors
  if (error) throw new UsageError(`${placeOf(lineCounter, error.pos[0])}${error.message}`)
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 0 })
  } catch (e) {
    throw new UsageError(e instanceof Error ? e.message : String(e))
  }
  const read = file.safeParse(value)
  if (!read.success) {
    const lines = read.error.issues
      .slice(0, 10)
      .map((i) => `  ${whereIn(document, lineCounter, i.path)}${i.path.map(String).join('.')}: ${i.message}`)
    throw new UsageError(`this is no policy file\n${lines.join('\n')}`)
  }
  const twice = read.data.policies.find((p, i, all) => all.findIndex((x) => x.name === p.name) !== i)
  if (twice) throw new UsageError(`two policies are called ${twice.name}`)
  return read.data.policies.map((p) => ({
    ...p,
    features: filled(p.features as Json, env, `${p.name}.features`) as WantedPolicy['features'],
  }))
}

function placeOf(counter: LineCounter, at: number): string {
  const { line, col } = counter.linePos(at)
  return `line ${line}, column ${col}: `
}

/** `line 3, column 7: ` of the member, or of the nearest above it that is there. */
function whereIn(document: Document.Parsed, counter: LineCounter, path: readonly PropertyKey[]): string {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true)
    if (!isNode(node) || !node.range) continue
    return placeOf(counter, node.range[0])
  }
  return ''
}

/** `{ $env: NAME }` stands for a value of the environment, so that no secret is in the file. */
function filled(value: Json, env: NodeJS.ProcessEnv, path: string): Json {
  if (Array.isArray(value)) return value.map((v, i) => filled(v, env, `${path}.${i}`))
  if (value === null || typeof value !== 'object') return value
  const name = value.$env
  if (typeof name === 'string' && Object.keys(value).length === 1) {
    const found = env[name]
    if (found === undefined || found === '') throw new UsageError(`${path}: the environment has no ${name}`)
    return found
  }
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, filled(v, env, `${path}.${k}`)]))
}

export function writePolicyFile(policies: readonly WantedPolicy[]): string {
  const shown = policies.map((p) => ({
    ...p,
    features: Object.fromEntries(
      Object.entries(p.features).map(([id, f]) => [id, { ...f, settings: named(f.settings, id) }]),
    ),
  }))
  return stringify({ policies: shown }, { lineWidth: 120, aliasDuplicateObjects: false })
}

/** Secrets as names of variables to set: MUSTER_LINUX_WIFI_PASSWORD. */
function named(settings: WantedPolicy['features'][string]['settings'], feature: string): Record<string, unknown> {
  const shown = (value: unknown, at: string): unknown => {
    if (isMask(value)) return { $env: `MUSTER_${feature}_${at}`.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase() }
    if (Array.isArray(value)) return value.map((v, i) => shown(v, `${at}_${i + 1}`))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, shown(v, at === '' ? k : `${at}_${k}`)]))
  }
  return shown(settings, '') as Record<string, unknown>
}
