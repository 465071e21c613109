/** The row of a policy feature: a set of nodes. What is written and read, how the answer is understood, what proves it, and what taking it away means. */
import {
  type ChannelDetail,
  type FeatureDescriptor,
  type FeatureRow,
  type Json,
  type JsonObject,
  type Reason,
  secretPlaces,
  withoutSecrets,
  withSecrets,
} from '@muster/contract'
import { buildOf, type Work, type WorkCommand } from '../wire/index.ts'
import { type Availability, available } from './availability.ts'
import { isValue, type WantedNode } from './node.ts'
import { type Round, readOutcome, readRound } from './outcome.ts'
import { ownedBy, ownedByOthers } from './owned.ts'
import { checkNodes, type Holds, type Watch } from './proof.ts'

/** A feature with the row that speaks it. */
export interface NodeFeature {
  readonly descriptor: FeatureDescriptor
  readonly row: FeatureRow
  /** What takes it away; `kept`: as the answer before left it. */
  drop(settings: JsonObject, c: ChannelDetail, kept?: Json, version?: string): Work
}
/** What takes a node away: its Delete, that of what it stands in, another value, or nothing, where Windows keeps it. */
export type Undo = { readonly remove: string } | { readonly node: WantedNode } | 'keep'

/** For whom: what the device said of itself, and the version of settings and secrets, where one is known. */
interface At {
  readonly facts: Readonly<JsonObject>
  readonly version?: string
}

export interface NodeOptions<S> {
  readonly to: Availability
  readonly when?: (c: ChannelDetail) => true | Reason
  /** All or nothing: Windows demands it of some nodes. They are read back in a message of their own. */
  readonly atomic?: true
  /** From the settings with their defaults; without the secrets where there are none at hand. */
  nodes(settings: S, at: At): readonly WantedNode[]
  readonly undo?: (uri: string) => Undo
  /** Read beside what is written, and judged. */
  readonly watch?: (settings: S, version?: string) => readonly Watch[]
  /** Judged once the nodes are as they should be: what they demand may still not be so. */
  readonly holds?: Holds<S>
}

export function nodeFeature<S>(d: FeatureDescriptor<S>, o: NodeOptions<S>): NodeFeature {
  const descriptor = d as FeatureDescriptor
  const read = (settings: JsonObject) => readSettings(d, withoutSecrets(settings, d.secret))
  const wanted = (settings: JsonObject, at: At) => known(o.nodes(settings as S, at), at.facts)
  const undo = o.undo ?? ((uri: string): Undo => ({ remove: uri }))
  const watch = (settings: JsonObject, version?: string) => o.watch?.(settings as S, version) ?? []

  const to: FeatureRow['to'] = (settings, c, secrets, kept, version): Json => {
    const whole = withSecrets(read(settings), secrets)
    const round = readRound(kept)
    const nodes = wanted(whole, { facts: c.facts, version })
    const gets = readings(nodes, watch(whole, version))
    if (round.read) return work({ commands: gets })
    const stale = staleOf(ownedBy(c.facts, d.id), nodes, undo, ownedByOthers(c.facts, d.id))
    const writes = [...stale, ...nodes.flatMap((n) => written(n, round))].filter((w) => isLeft(w, round))
    if (nodes.length === 0) return work({ commands: [{ verb: 'Get', uri: nothingToSay }] })
    if (writes.length === 0) return work({ commands: gets })
    return work(o.atomic ? { commands: writes, atomic: true } : { commands: [...writes, ...gets] })
  }
  const sample = { facts: {} } as ChannelDetail
  let examples: FeatureRow['examples'] | undefined
  const row: FeatureRow = {
    channel: 'device',
    ...(d.secret ? { needs: d.secret } : {}),
    when: (c) => {
      const can = available(o.to, c)
      return can === true && o.when ? o.when(c) : can
    },
    // Worked out when somebody looks: a start needs none of them.
    get examples() {
      examples ??= d.examples.map((e) => {
        const settings = withoutSecrets(e as JsonObject, d.secret)
        const secrets = Object.fromEntries(secretPlaces(settings, d.secret).map((name) => [name, `secret:${name}`]))
        return { in: settings, wire: to(settings, sample, secrets), replies: repliesOf(o.atomic === true) }
      })
      return examples
    },
    to,
    // Addresses are the same in capital and small letters.
    keys: (settings) =>
      o
        .nodes(read(settings) as S, { facts: {} })
        .filter(isValue)
        .map((n) => n.uri.toLowerCase()),
    from: (reply) => readOutcome(reply, { atomic: o.atomic === true, nothingToSay }),
    check(settings, reported, facts, version) {
      const plain = read(settings)
      const all = { ...facts, ...reported }
      return checkNodes(wanted(plain, { facts: all, version }), watch(plain, version), reported, () =>
        o.holds?.(plain as S, all),
      )
    },
  }
  return {
    descriptor,
    row,
    drop: (settings, c, kept, version) => {
      const round = readRound(kept)
      if (round.read) return nothingLeft
      const mine = ownedBy(c.facts, d.id)
      // Settings that are gone leave what was written.
      const plain = d.settings.safeParse(withoutSecrets(settings, d.secret))
      const nodes = plain.success ? o.nodes(plain.data, { facts: c.facts, version }).filter(isValue) : []
      const all = [...new Set([...mine, ...nodes.map((n) => n.uri)])]
      const commands = staleOf(all, [], undo, ownedByOthers(c.facts, d.id))
        .filter((w) => isLeft(w, round))
        .map((w) => (w.verb === 'Replace' && round.add.has(w.uri) ? { ...w, verb: 'Add' as const } : w))
      return commands.length === 0 ? nothingLeft : { commands, ...(o.atomic && { atomic: true as const }) }
    },
  }
}

/** Read in place of settings of which this version of Windows knows none: the answer says so. */
const nothingToSay = './DevDetail/SwV'
/** Read where there is nothing to take away. */
const nothingLeft: Work = { commands: [{ verb: 'Get', uri: './DevInfo/DevId' }] }
const work = (w: Work): Json => w as unknown as Json

/** Only what this build of Windows knows. */
function known(nodes: readonly WantedNode[], facts: Readonly<JsonObject>): WantedNode[] {
  const build = buildOf(facts)
  return nodes.filter((n) => n.build === undefined || build === undefined || build >= n.build)
}

const isLeft = (w: WorkCommand, { left }: Round): boolean =>
  w.verb !== 'Delete' || left === undefined || left.has(w.uri)

function written(n: WantedNode, round: Round): WorkCommand[] {
  if (n.how === 'kept') return []
  if (n.how === 'fresh') return [{ verb: 'Delete', uri: n.uri }]
  if (n.how === 'run') return [{ verb: 'Exec', uri: n.uri, ...valueParts(n) }]
  const first = n.how === 'add' ? 'Add' : 'Replace'
  const verb = round.add.has(n.uri) ? 'Add' : round.replace.has(n.uri) ? 'Replace' : first
  return [{ verb, uri: n.uri, ...valueParts(n) }]
}
const valueParts = (n: WantedNode) => ({
  ...(n.format && { format: n.format }),
  ...(n.data !== undefined && { data: n.data }),
})

function readings(nodes: readonly WantedNode[], watch: readonly Watch[]): WorkCommand[] {
  const uris = nodes.filter((n) => isValue(n) && n.read !== 'none').map((n) => n.uri)
  return [...new Set([...uris, ...watch.map((w) => w.uri)])].map((uri) => ({ verb: 'Get', uri }))
}

/** What was written once and is not wanted any more, each taken away once; never what another feature has written. */
function staleOf(
  owned: readonly string[],
  nodes: readonly WantedNode[],
  undo: (uri: string) => Undo,
  others: ReadonlySet<string>,
): WorkCommand[] {
  const kept = new Set(nodes.map((n) => n.uri))
  const commands = new Map<string, WorkCommand>()
  for (const uri of [...owned].sort()) {
    if (kept.has(uri) || others.has(uri)) continue
    const how = undo(uri)
    if (how === 'keep') continue
    if ('node' in how) commands.set(how.node.uri, { verb: 'Replace', uri: how.node.uri, ...valueParts(how.node) })
    else if (![...kept].some((k) => k.startsWith(`${how.remove}/`)))
      commands.set(how.remove, { verb: 'Delete', uri: how.remove })
    else commands.set(uri, { verb: 'Delete', uri })
  }
  return [...commands.values()]
}

const repliesOf = (atomic: boolean): FeatureRow['examples'][number]['replies'] => [
  {
    reply: {
      statuses: [
        { verb: 'Replace', uri: './Device/Vendor/MSFT/A', code: 200 },
        { verb: 'Get', uri: './Device/Vendor/MSFT/A', code: 200 },
      ],
      results: [{ uri: './Device/Vendor/MSFT/A', data: '1' }],
    },
    outcome: atomic ? { state: 'again', kept: { read: true } } : { state: 'completed', result: {} },
  },
  {
    reply: { statuses: [{ verb: 'Add', uri: './Device/Vendor/MSFT/A', code: 418 }], results: [] },
    outcome: { state: 'again', kept: { replace: ['./Device/Vendor/MSFT/A'] } },
  },
  {
    reply: {
      statuses: [{ verb: 'Replace', uri: './Device/Vendor/MSFT/A', code: 500, original: '0x86000018' }],
      results: [],
    },
    outcome: {
      state: 'failed',
      reason: {
        code: 'device-error',
        text: './Device/Vendor/MSFT/A: 500, 0x86000018: the device failed to carry it out (its XML cannot be read).',
      },
    },
  },
]

/** With the defaults. What a variable's value made unfit goes to the device as it is: the device says what is wrong with it. */
function readSettings<S>(d: FeatureDescriptor<S>, settings: JsonObject): JsonObject {
  const read = d.settings.safeParse(settings)
  return read.success ? (read.data as JsonObject) : settings
}
