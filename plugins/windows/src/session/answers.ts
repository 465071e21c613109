/** What the answers of one message come to: what is said of deliveries, what is known of the device from now on. */
import type { Channel, Json, JsonObject, PlatformHost, Said } from '@muster/contract'
import { isDone } from '../features/index.ts'
import { type Answer, type Node, nodesFact, type Work } from '../wire/index.ts'
import { answerOf, type Heard } from './hear.ts'
import type { Open, Talk } from './talk.ts'

export interface AnswersDeps {
  host: PlatformHost
  /** What nodes of an inventory tell. */
  read(answer: Answer): { facts: JsonObject; push?: Json }
  /** Which nodes each feature has written. */
  owned: {
    readonly fact: string
    after(
      before: Json | undefined,
      d: { feature: string; verb: 'put' | 'drop' },
      work: Work,
      answer: Answer,
    ): JsonObject
  }
  /** A node's value as it is remembered. */
  kept(uri: string, value: string): string
  /** The secret that a node holds: kept in escrow by this name. */
  escrow(uri: string): string | undefined
}
export interface Told {
  said: Said[]
  facts?: JsonObject
  push?: Json
}
/** Names by which an inventory is asked for; '' where this node did not hand it over. */
export const inventories = new Set(['device.inventory', 'inventory', ''])

export function createAnswers({ host, read, owned, kept: remembered, escrow }: AnswersDeps) {
  return async function answers(c: Channel, t: Talk, h: Heard): Promise<Told> {
    const going = new Set(t.later.map((p) => p.delivery))
    const done = [...h.touched].filter((id) => !going.has(id) && t.open[id])
    const told: Told = { said: [] }
    const answered: { open: Open; answer: Answer }[] = []
    for (const id of done) {
      const open = t.open[id] as Open
      delete t.open[id]
      const answer = await withoutSecrets(c, answerOf(open))
      told.said.push({ id, ...(open.ref !== undefined && { ref: open.ref }), reply: answer as unknown as Json })
      answered.push({ open, answer })
    }
    const settings = answered.filter((a) => a.open.kind === 'setting')
    const inventory = answered.filter((a) => a.open.kind !== 'setting' && inventories.has(a.open.name))
    if (settings.length > 0 || inventory.length > 0) await known(c, settings, inventory, told)
    return told
  }

  async function known(c: Channel, settings: Answered[], inventory: Answered[], told: Told): Promise<void> {
    const { facts: before } = await host.detail(c)
    const facts: JsonObject = {}
    for (const { answer } of inventory) {
      const found = read(answer)
      Object.assign(facts, found.facts)
      if (found.push !== undefined) told.push = found.push
    }
    let mine: Json | undefined = before[owned.fact]
    for (const { open, answer } of settings)
      if (open.name !== '' && open.verb)
        mine = owned.after(mine, { feature: open.name, verb: open.verb }, workOf(open), answer)
    const kept = urisIn(mine)
    const was = objectOf(before[nodesFact])
    const nodes = nodesAfter(was, { settings, inventory, remembered })
    // Of a node that is not there it is remembered only while somebody wants it.
    for (const [uri, value] of Object.entries(nodes)) if (value === null && !kept.has(uri)) delete nodes[uri]
    if (settings.length > 0) facts[owned.fact] = mine ?? {}
    if (settings.length > 0 || !same(was, nodes)) facts[nodesFact] = nodes
    if (Object.keys(facts).length > 0) told.facts = facts
  }

  async function withoutSecrets(c: Channel, answer: Answer): Promise<Answer> {
    if (!answer.results.some((r) => escrow(r.uri) !== undefined)) return answer
    const results: Node[] = []
    for (const r of answer.results) {
      const name = r.data === '' ? undefined : escrow(r.uri)
      if (name !== undefined) await host.secrets.put(c, name, r.data)
      results.push(name === undefined ? r : { ...r, data: 'kept' })
    }
    return { ...answer, results }
  }
}

interface Answered {
  readonly open: Open
  readonly answer: Answer
}

/** `windows.nodes` after what was read: of settings each node, of an inventory those that are known already. */
function nodesAfter(
  was: JsonObject,
  o: { settings: readonly Answered[]; inventory: readonly Answered[]; remembered: AnswersDeps['kept'] },
): JsonObject {
  const nodes: JsonObject = { ...was }
  const read = (a: Answered, wanted: (uri: string) => boolean) => {
    for (const s of a.answer.statuses) {
      if (s.verb === 'Get' && s.code === 404 && wanted(s.uri)) nodes[s.uri] = null
      if (s.verb === 'Delete' && isDone(s))
        for (const uri of Object.keys(nodes)) if (uri === s.uri || uri.startsWith(`${s.uri}/`)) delete nodes[uri]
    }
    for (const r of a.answer.results) if (wanted(r.uri)) nodes[r.uri] = o.remembered(r.uri, r.data)
  }
  for (const a of o.inventory) read(a, (uri) => Object.hasOwn(was, uri))
  for (const a of o.settings) read(a, (uri) => uri !== '')
  return nodes
}

const workOf = (o: Open): Work => ({ commands: o.commands.map(([verb, uri]) => ({ verb, uri })) })
const objectOf = (v: Json | undefined): JsonObject =>
  typeof v === 'object' && v !== null && !Array.isArray(v) ? v : {}
const urisIn = (v: Json | undefined): Set<string> =>
  new Set(
    Object.values(objectOf(v)).flatMap((list) =>
      Array.isArray(list) ? list.filter((u) => typeof u === 'string') : [],
    ),
  )
function same(a: JsonObject, b: JsonObject): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((k) => a[k] === b[k])
}
