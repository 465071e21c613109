/** Declarative management: where a device can, settings stand as declarations that it fetches, keeps by itself, and reports on. */
import { randomUUID } from 'node:crypto'
import {
  type Channel,
  type ChannelDetail,
  type Delivery,
  isProblem,
  type Json,
  type JsonObject,
  type OpenPlatform,
  type PlatformHost,
  type Reply,
  type Route,
  type Said,
  type Verdict,
} from '@muster/contract'
import type { PlistDict } from '@muster/kit/plist'
import {
  canDeclare,
  type DeclaredState,
  declaredFact,
  declaredVerdict,
  type FeatureWire,
  featureWire,
  type ProfileNames,
  profileIdentifier,
  profilesFact,
} from '../profiles/index.ts'
import { bytesOf, data, textOf } from '../wire/index.ts'
import { assetId, configurationId, type Declaration, declarationsOf, document, items, tokens } from './documents.ts'
import { createFiles } from './files.ts'
import { keptParts, type Setting } from './parts.ts'
import { readStatus, type StatusReport } from './status.ts'
import { factsIn } from './status-items.ts'
import {
  beginCollection,
  collections,
  dropFeature,
  endCollections,
  forgetFeature,
  type KeptFeature,
  type KeptPart,
  noteStates,
  putFeature,
  readCollection,
  sweepContents,
} from './store.ts'

export interface Declarative {
  /** A setting that stands as a declaration from now on; undefined: it goes by a command. */
  declare(d: Delivery): Promise<Said | undefined>
  /** The answer to a DeclarativeManagement check-in. */
  answer(c: Channel, body: PlistDict): Promise<Reply>
  /** The command that makes a device look again. */
  command(d: Delivery): Promise<JsonObject>
  readonly routes: readonly Route[]
  readonly jobs: NonNullable<OpenPlatform['jobs']>
}
interface Kept {
  collection: string
  features: readonly KeptFeature[]
  parts: readonly KeptPart[]
}
/** Name of the errand that `command` is. */
export const declarationsErrand = 'declarations'

export function createDeclarative(o: {
  host: PlatformHost
  names(): Promise<ProfileNames>
  prefix: string
}): Declarative {
  const { host, prefix } = o
  const files = createFiles(host)
  const look = (c: Channel) => host.errand(c, declarationsErrand, {}, declarationsErrand)

  async function declare(d: Delivery): Promise<Said | undefined> {
    if (d.kind !== 'setting') return undefined
    const wire = d.verb === 'put' ? written(d) : undefined
    // What cannot be written down is told of by the command that cannot be either.
    if (d.verb === 'put' && !wire) return undefined
    if (wire?.refused !== undefined) return cannot(d, wire.refused)
    // The list that proves profiles which came by commands is the device's own: a user's go as declarations alone.
    const only = wire !== undefined && !wire.command && (wire.profiles.length === 0 || d.channel.name !== 'device')
    if (!canDeclare(d.channel) || !host.server().url.startsWith('https:')) return only ? cannot(d) : undefined
    const { collection, asked } = declaringOf(d.channel)
    if (!collection || !asked) {
      // It is asked once it has something to declare; until it answers, settings that are profiles too go by commands.
      if (wire) await look(d.channel)
      if (wire && only) return declared(d, wire, collection ?? (await begin(d.channel, d.channel, false)))
      if (wire || !collection) return undefined
    }
    if (wire?.command && !wire.native) return undefined
    return declared(d, wire, collection)
  }

  async function declared(d: Setting, wire: FeatureWire | undefined, collection: string): Promise<Said | undefined> {
    if (wire) await put(d, wire, collection)
    else if (!(await dropFeature(host.sql, { collection, feature: d.feature, delivery: d.id }))) return undefined
    await look(d.channel)
    return { id: d.id, state: 'acknowledged', progress: 'declared' }
  }

  async function put(d: Setting, wire: FeatureWire, collection: string): Promise<void> {
    await beginCollection(host.sql, collection, d.channel)
    const { parts } = await readCollection(host.sql, collection)
    const before = parts.filter((p) => p.feature === d.feature)
    const now = await keptParts({ host, names: o.names }, d, wire, before)
    await putFeature(host.sql, { collection, feature: d.feature, delivery: d.id, parts: now })
    if (before.length === 0) await takeOver(d, now)
  }

  /** The profile that a command put goes, where Apple's own declaration takes its place; another profile of the same identifier becomes the declaration's. */
  async function takeOver(d: Setting, now: readonly KeptPart[]): Promise<void> {
    const Identifier = profileIdentifier(prefix, d.feature)
    const listed = d.channel.facts[profilesFact]
    const there = Array.isArray(listed) && listed.some((p) => objectOf(p).identifier === Identifier)
    if (there && now.every((p) => p.native))
      await host.errand(d.channel, 'command', { RequestType: 'RemoveProfile', Identifier }, `remove ${d.feature}`)
  }

  function written(d: Setting): FeatureWire | undefined {
    try {
      return featureWire(d.row.to(d.settings, d.channel, d.secrets, d.kept, d.version))
    } catch (err) {
      host.log.warn({ err, feature: d.feature }, 'a setting could not be written down')
      return undefined
    }
  }

  async function answer(c: Channel, body: PlistDict): Promise<Reply> {
    const endpoint = textOf(body, 'Endpoint') ?? ''
    const detail = await host.detail(c)
    const there = declaringOf(detail)
    const collection = there.collection ?? (await begin(c, detail, true))
    if (!there.asked) await host.turn(c, { take: 0, state: stateWith(detail, collection, true) })
    const kept: Kept = { collection, ...(await readCollection(host.sql, collection)) }
    if (endpoint === 'status') return heard(c, detail, kept, bytesOf(body, 'Data') ?? new Uint8Array(0))
    const all = await declarations(detail, kept)
    if (endpoint === 'tokens') return json(tokens(all, lastChange(kept.features)))
    if (endpoint === 'declaration-items') return json(items(all))
    const [word, kind, ...rest] = endpoint.split('/')
    const found = word === 'declaration' && all.find((d) => d.kind === kind && d.identifier === rest.join('/'))
    if (!found) return { status: 404, body: 'There is no such declaration.' }
    return json(document(found, found.kind === 'asset' ? await files.reference(collection, found) : found.payload))
  }
  /** By asking it has shown that it declares. */
  async function begin(c: Channel, detail: ChannelDetail, asked: boolean): Promise<string> {
    const collection = randomUUID()
    await beginCollection(host.sql, collection, c)
    await host.turn(c, { take: 0, state: stateWith(detail, collection, asked) })
    return collection
  }
  async function declarations(channel: ChannelDetail, { collection, parts }: Kept): Promise<Declaration[]> {
    const { organisation } = await o.names()
    const addressOf = (p: KeptPart) => files.addressOf(collection, p)
    return declarationsOf({ prefix, organisation, channel, parts, addressOf })
  }

  async function heard(c: Channel, detail: ChannelDetail, kept: Kept, bytes: Uint8Array): Promise<Reply> {
    const report = readStatus(bytes)
    if (!report) return { status: 400, body: 'This is no status report.' }
    if (report.errors.length > 0)
      host.log.info(
        { channel: c.no, errors: report.errors.slice(0, 10) },
        'a device cannot tell all that it is asked for',
      )
    const states = statesIn(report, kept)
    await noteStates(host.sql, kept.collection, states ?? [])
    const said = states ? goneIn(report, kept) : []
    const parts = kept.parts.map((p) => ({ ...p, ...states?.find((s) => s.kind === p.kind && s.name === p.name) }))
    await host.turn(c, { take: 0, said, ...told(c, detail, report, states && parts) })
    for (const s of said) if (s.id) await forgetFeature(host.sql, kept.collection, s.id)
    // The list of profiles that we know is older than these.
    const held = (p: KeptPart) => p.active && p.valid === 'valid'
    const news = parts.some((p, i) => !p.native && held(p) && !held(kept.parts[i] as KeptPart))
    if (news && c.name === 'device') await host.errand(c, 'profiles', {}, 'profiles')
    if (c.name === 'device' && states && outdated(detail, report)) await look(c)
    return { status: 200 }
  }

  /** Facts are the device's: what a user's channel tells decides about its settings alone. Rows judge a device's by its facts. */
  function told(c: Channel, detail: ChannelDetail, report: StatusReport, parts: readonly KeptPart[] | undefined) {
    if (c.name !== 'device') return parts ? { verdicts: verdictsOf(parts) } : {}
    const facts: JsonObject = {
      ...factsIn(report.items, detail.facts, report.full),
      ...(parts && {
        [declaredFact]: parts.filter((p) => p.kind === 'configuration').map(stateOf) as unknown as Json,
        'apple.declarationsAt': host.clock.now().toISOString(),
      }),
    }
    return Object.keys(facts).length > 0 ? { facts, partial: true } : {}
  }

  /** Only what the device has in the version that we gave it counts. Undefined: the report does not speak of declarations. */
  function statesIn(report: StatusReport, { parts }: Kept) {
    if (!report.declarations) return undefined
    const has = new Map(report.declarations.map((s) => [`${s.kind} ${s.identifier}`, s]))
    return parts.flatMap((p) => {
      const s = has.get(`${p.kind} ${identifierOf(p)}`)
      if (s?.token !== p.token) return []
      const { active, valid, reasons } = s
      return [{ kind: p.kind, name: p.name, token: p.token, active, valid, reasons }]
    })
  }
  const identifierOf = (p: KeptPart) => (p.kind === 'asset' ? assetId(prefix, p.name) : configurationId(prefix, p.name))

  /** Features whose declarations are to be gone, and are. */
  function goneIn(report: StatusReport, { features, parts }: Kept): Extract<Said, { id: string }>[] {
    const wanted = new Set(parts.map(identifierOf))
    const there = (report.declarations ?? []).map((d) => d.identifier).filter((id) => !wanted.has(id))
    return features.flatMap((f) => {
      const own = configurationId(prefix, f.feature)
      const asset = assetId(prefix, f.feature)
      const left = there.some((id) => [own, asset].some((mine) => id === mine || id.startsWith(`${mine}.`)))
      return f.gone && !left ? [{ id: f.delivery, state: 'completed' as const }] : []
    })
  }

  async function command(d: Delivery): Promise<JsonObject> {
    const { collection } = declaringOf(d.channel)
    const kept = collection ? await readCollection(host.sql, collection) : { features: [], parts: [] }
    const all = await declarations(d.channel, { collection: collection ?? '', ...kept })
    return {
      RequestType: 'DeclarativeManagement',
      Data: data(Buffer.from(JSON.stringify(tokens(all, lastChange(kept.features))))),
    }
  }

  /** What an enrolment declared goes with it. */
  async function sweep(signal: AbortSignal): Promise<void> {
    let beyond = '00000000-0000-0000-0000-000000000000'
    while (!signal.aborted) {
      const some = await collections(host.sql, beyond)
      const ended: string[] = []
      for (const { collection, channel } of some) if (!(await isOpen(channel))) ended.push(collection)
      await endCollections(host.sql, ended)
      const last = some.at(-1)
      if (!last) break
      beyond = last.collection
    }
  }
  async function isOpen(c: Channel): Promise<boolean> {
    try {
      return (await host.detail(c)).lifecycle !== 'removed'
    } catch (e) {
      if (isProblem(e) && e.status < 500) return false
      throw e
    }
  }
  return {
    declare,
    answer,
    command,
    routes: files.routes,
    jobs: [
      { name: 'declared-endings', everyS: 24 * 3600, run: sweep },
      { name: 'declared-profiles', everyS: 6 * 3600, run: () => sweepContents(host.sql) },
    ],
  }
}

const declaredOnly =
  'Devices take it as a declaration alone, which needs iOS 15, macOS 13 or tvOS 16 and a server with https.'
function cannot(d: Setting, text = declaredOnly): Said {
  return { id: d.id, state: 'failed', reason: { code: 'not-applicable', text } }
}

function stateOf(p: KeptPart): DeclaredState {
  const { feature, part, uuid, native, active, valid, reasons } = p
  return { feature, part, uuid, native, conditional: p.predicate !== null, active, valid, reasons }
}
function verdictsOf(parts: readonly KeptPart[]): Record<string, Verdict> {
  const mine = parts.filter((p) => p.kind === 'configuration')
  const features = [...new Set(mine.map((p) => p.feature))]
  return Object.fromEntries(
    features.map((feature) => {
      const all = mine.filter((p) => p.feature === feature)
      return [feature, declaredVerdict(all, all.map(stateOf))]
    }),
  )
}

/** It now says that it can tell other things than it was asked for. */
function outdated(detail: ChannelDetail, report: StatusReport): boolean {
  const told = factsIn(report.items, {}, false)['apple.statusItems']
  return told !== undefined && JSON.stringify(told) !== JSON.stringify(detail.facts['apple.statusItems'] ?? null)
}
function json(body: JsonObject): Reply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
function lastChange(kept: readonly KeptFeature[]): Date {
  return new Date(Math.max(0, ...kept.map((k) => k.changed.getTime())))
}
function objectOf(value: Json): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
/** In the channel's state, which goes along when a device changes hands and not into a new enrolment. `asked`: the device has shown that it declares. */
function declaringOf(c: ChannelDetail): { collection?: string; asked: boolean } {
  const { declarations, unasked } = objectOf(c.state)
  return typeof declarations === 'string' ? { collection: declarations, asked: unasked !== true } : { asked: false }
}
function stateWith(c: ChannelDetail, collection: string, asked: boolean): JsonObject {
  const { unasked: _, ...others } = objectOf(c.state)
  return { ...others, declarations: collection, ...(!asked && { unasked: true }) }
}
