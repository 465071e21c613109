/** One component a shape: zod's separate "input" twins are folded into the shape where both say the same, and what nobody uses goes. */

type Node = { [key: string]: unknown }
interface Document {
  components?: { schemas?: { [name: string]: unknown } }
  paths?: unknown
}
const prefix = '#/components/schemas/'
const twin = 'Input'

export function tidyComponents<D extends object>(document: D): D {
  const doc = document as Document
  const schemas = { ...doc.components?.schemas }
  const names = new Map<string, string>()
  const outputs = Object.keys(schemas).filter((n) => `${n}${twin}` in schemas)
  const answered = reachable(responsesOf(doc.paths), schemas)
  for (const name of outputs) {
    const input = `${name}${twin}`
    if (same(schemas[input], schemas[name], outputs)) names.set(input, name)
    else if (!answered.has(name)) {
      names.set(input, name)
      schemas[name] = schemas[input]
    }
  }
  const renamed = rename({ ...document, components: { ...doc.components, schemas: undefined } }, names) as Document & D
  const all = Object.fromEntries(
    Object.entries(schemas)
      .filter(([n]) => !names.has(n))
      .map(([n, s]) => [n, rename(s, names)]),
  )
  const used = reachable(renamed.paths, all)
  const kept = Object.entries(all)
    .filter(([n]) => used.has(n))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return { ...renamed, components: { ...renamed.components, schemas: Object.fromEntries(kept) } }
}

/** Only what the server answers with. */
function responsesOf(paths: unknown): unknown[] {
  const operations = Object.values((paths ?? {}) as Node).flatMap((p) => Object.values(p as Node))
  return operations.map((o) => (o as Node).responses)
}

/** Whether both say the same once twins are taken for what they are twins of. */
function same(input: unknown, output: unknown, outputs: readonly string[]): boolean {
  const twins = new Map(outputs.map((n) => [`${n}${twin}`, n]))
  return JSON.stringify(rename(input, twins)) === JSON.stringify(output)
}

function rename(node: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(node)) return node.map((n) => rename(n, names))
  if (node === null || typeof node !== 'object') return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      if (key !== '$ref' || typeof value !== 'string') return [key, rename(value, names)]
      const name = value.slice(prefix.length)
      return [key, `${prefix}${names.get(name) ?? name}`]
    }),
  )
}

function reachable(from: unknown, schemas: { readonly [name: string]: unknown }): Set<string> {
  const found = new Set<string>()
  const walk = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return
    for (const [key, value] of Object.entries(node)) {
      if (key !== '$ref' || typeof value !== 'string') walk(value)
      else if (!found.has(value.slice(prefix.length))) {
        found.add(value.slice(prefix.length))
        walk(schemas[value.slice(prefix.length)])
      }
    }
  }
  walk(from)
  return found
}
