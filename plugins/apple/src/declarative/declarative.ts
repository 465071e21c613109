/** Declarative management: where a device can, settings stand as declarations that it fetches, keeps by itself, and reports on. */
import { createHash, randomUUID } from 'node:crypto'
import {
  type Channel,
  type ChannelDetail,
  canonical,
  type Delivery,
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
import { type ProfileNames, signedProfile } from '../profiles/index.ts'
import { bytesOf, data, textOf } from '../wire/index.ts'
import { canDeclare } from './capable.ts'
import { configurationId, type Declaration, declarationsOf, document, items, tokens } from './documents.ts'
import { readStatus, type StatusReport, verdictOf } from './status.ts'
import {
  dropDeclaration,
  forgetDeclaration,
  type KeptDeclaration,
  newlyHeld,
  profileFor,
  profileWithKey,
  putDeclaration,
  putProfile,
  readDeclarations,
  sweepProfiles,
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
/** Name of the errand that `command` is. */
export const declarationsErrand = 'declarations'
/** Where a profile is sealed for. */
const place = (id: string) => `declared-profile|${id}`

export function createDeclarative(o: {
  host: PlatformHost
  names(): Promise<ProfileNames>
  prefix: string
}): Declarative {
  const { host, prefix } = o
  const look = (c: Channel) => host.errand(c, declarationsErrand, {}, declarationsErrand)

  async function declare(d: Delivery): Promise<Said | undefined> {
    if (d.kind !== 'setting' || !canDeclare(d.channel) || !host.server().url.startsWith('https:')) return undefined
    const collection = collectionOf(d.channel)
    if (!collection) {
      // It is asked once it has something to declare; until it answers, settings go by commands.
      if (d.verb === 'put') await look(d.channel)
      return undefined
    }
    if (d.verb === 'drop') {
      if (!(await dropDeclaration(host.sql, { collection, feature: d.feature, delivery: d.id }))) return undefined
    } else {
      const content = await profile(d)
      // What cannot be written down is told of by the command that cannot be either.
      if (!content) return undefined
      await putDeclaration(host.sql, { collection, feature: d.feature, delivery: d.id, content })
    }
    await look(d.channel)
    return { id: d.id, state: 'acknowledged', progress: 'declared' }
  }
  /** Equal settings without secrets are one profile for all who have them. */
  async function profile(d: Extract<Delivery, { kind: 'setting' }>): Promise<string | undefined> {
    const names = await o.names()
    const wire = written(d)
    if (wire === undefined) return undefined
    const shared = Object.keys(d.secrets).length === 0
    const key = shared
      ? createHash('sha256')
          .update(canonical({ names, wire } as unknown as Json))
          .digest('hex')
      : null
    const known = key === null ? undefined : await profileWithKey(host.sql, key)
    if (known) return known
    const id = randomUUID()
    const bytes = Buffer.from(await signedProfile(host, names, wire))
    return putProfile(host.sql, { id, key, sealed: host.vault.seal(place(id), bytes.toString('base64')) })
  }

  function written(d: Extract<Delivery, { kind: 'setting' }>): Json | undefined {
    try {
      return d.row.to(d.settings, d.channel, d.secrets, d.kept)
    } catch (err) {
      host.log.warn({ err, feature: d.feature }, 'a setting could not be written down')
      return undefined
    }
  }

  async function answer(c: Channel, body: PlistDict): Promise<Reply> {
    const endpoint = textOf(body, 'Endpoint') ?? ''
    const detail = await host.detail(c)
    const collection = collectionOf(detail) ?? (await begin(c, detail))
    const kept = await readDeclarations(host.sql, collection)
    if (endpoint === 'status') return heard(c, { collection, kept }, bytesOf(body, 'Data') ?? new Uint8Array(0))
    const all = declarations(kept, collection)
    if (endpoint === 'tokens') return json(tokens(all, lastChange(kept)))
    if (endpoint === 'declaration-items') return json(items(all))
    const [word, kind, ...rest] = endpoint.split('/')
    const found = word === 'declaration' && all.find((d) => d.kind === kind && d.identifier === rest.join('/'))
    return found ? json(document(found)) : { status: 404, body: 'There is no such declaration.' }
  }
  /** By asking it has shown that it declares. */
  async function begin(c: Channel, detail: ChannelDetail): Promise<string> {
    const collection = randomUUID()
    await host.turn(c, { take: 0, state: { ...objectOf(detail.state), declarations: collection } })
    return collection
  }
  const declarations = (kept: readonly KeptDeclaration[], collection: string): Declaration[] =>
    declarationsOf(
      prefix,
      kept
        .filter((k) => !k.gone)
        .map((k) => ({ feature: k.feature, token: k.delivery, url: addressOf(collection, k) })),
    )
  /** The collection's id is random and told to nobody but its device. */
  function addressOf(collection: string, k: KeptDeclaration): string {
    const q = new URLSearchParams({ of: collection, feature: k.feature, version: k.delivery })
    return `${host.server().url}/apple/declared?${q}`
  }

  async function heard(
    c: Channel,
    { collection, kept }: { collection: string; kept: readonly KeptDeclaration[] },
    bytes: Uint8Array,
  ): Promise<Reply> {
    const report = readStatus(bytes)
    if (!report) return { status: 400, body: 'This is no status report.' }
    const { said, verdicts } = judged(report, kept)
    const facts = Object.keys(report.facts).length > 0 ? { facts: report.facts, partial: true } : {}
    await host.turn(c, { take: 0, said, verdicts, ...facts })
    for (const s of said) if (s.id) await forgetDeclaration(host.sql, collection, s.id)
    const held = kept.filter((k) => verdicts[k.feature]?.state === 'verified').map((k) => k.delivery)
    // The list of profiles that we know is older than these.
    if (await newlyHeld(host.sql, collection, held)) await host.errand(c, 'profiles', {}, 'profiles')
    return { status: 200 }
  }
  /** Only what the device has in the version that we gave it counts. */
  function judged(report: StatusReport, kept: readonly KeptDeclaration[]) {
    const said: Said[] = []
    const verdicts: Record<string, Verdict> = {}
    const listed = report.configurations
    if (!listed) return { said, verdicts }
    const has = new Map(listed.map((s) => [s.identifier, s]))
    for (const k of kept) {
      const status = has.get(configurationId(prefix, k.feature))
      if (k.gone && !status) said.push({ id: k.delivery, state: 'completed' })
      const verdict = !k.gone && status?.token === k.delivery ? verdictOf(status) : undefined
      if (verdict) verdicts[k.feature] = verdict
    }
    return { said, verdicts }
  }

  async function command(d: Delivery): Promise<JsonObject> {
    const collection = collectionOf(d.channel)
    const kept = collection ? await readDeclarations(host.sql, collection) : []
    const all = collection ? declarations(kept, collection) : declarationsOf(prefix, [])
    return {
      RequestType: 'DeclarativeManagement',
      Data: data(Buffer.from(JSON.stringify(tokens(all, lastChange(kept))))),
    }
  }

  /** The profile behind a declaration, in the version that the address names. */
  async function serve(query: string): Promise<Reply> {
    const q = new URLSearchParams(query)
    const [collection = '', feature = '', delivery = ''] = ['of', 'feature', 'version'].map((n) => q.get(n) ?? '')
    const found =
      uuid.test(collection) && plain(feature) && plain(delivery)
        ? await profileFor(host.sql, { collection, feature, delivery })
        : undefined
    if (!found) return { status: 404, body: 'There is no such profile.' }
    const body = Buffer.from(host.vault.open(place(found.id), found.sealed), 'base64')
    return {
      status: 200,
      headers: { 'content-type': 'application/x-apple-aspen-config', 'cache-control': 'no-store' },
      body,
    }
  }
  return {
    declare,
    answer,
    command,
    routes: [
      {
        method: 'GET',
        path: '/declared',
        maxBytes: 0,
        access: { public: 'the address holds a random name that is told to its device alone' },
        handle: (r) => serve(r.query),
      },
    ],
    jobs: [{ name: 'declared-profiles', everyS: 6 * 3600, run: () => sweepProfiles(host.sql) }],
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const plain = (text: string) => /^[\w.:-]{1,200}$/.test(text)

function json(body: JsonObject): Reply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
function lastChange(kept: readonly KeptDeclaration[]): Date {
  return new Date(Math.max(0, ...kept.map((k) => k.changed.getTime())))
}
function objectOf(value: Json): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
/** In the channel's state, which goes along when a device changes hands and not into a new enrolment: named once the device has shown that it declares. */
function collectionOf(c: ChannelDetail): string | undefined {
  const { declarations } = objectOf(c.state)
  return typeof declarations === 'string' ? declarations : undefined
}
