/** The policy document of a set of settings: compiled once for all devices that have it, named by what is in it, and written at Google only when it is not there yet. */
import { createHmac } from 'node:crypto'
import {
  type ChannelDetail,
  canonical,
  type Delivery,
  type FeatureRow,
  fillVariables,
  type JsonObject,
  type PlatformHost,
  variablesOf,
} from '@muster/contract'
import { joined, objectOf, Pkcs12Error, withKeys } from '../documents/index.ts'
import type { Connection } from './connection.ts'
import { GoogleError } from './errors.ts'
import { type Enterprise, keepDocument, readDocument } from './store.ts'
import type { WebApps } from './web-apps.ts'

export interface Placed {
  /** "enterprises/LC1/policies/m0123…": two sets that say the same share it. */
  readonly name: string
  readonly version: number
}
export interface Documents {
  /** The document of a delivery, standing at Google. Throws GoogleError. */
  place(d: DocumentDelivery, signal: AbortSignal): Promise<Placed>
  /** The one that devices begin with: nothing is demanded, yet everything is reported. */
  base(): Promise<Placed>
  /** Written again, as when it was changed at Google. */
  rewrite(name: string, body: string): Promise<Placed>
  /** Taken away at Google; whoever wants it again writes it again. */
  remove(name: string): Promise<void>
  /** One that stood at Google does not any more: all are looked at again. */
  forget(): Promise<void>
}
type Rows = Readonly<Record<string, readonly FeatureRow[]>>
type DocumentDelivery = Extract<Delivery, { kind: 'document' }>
interface Contents {
  readonly wanted: readonly { feature: string; settings: JsonObject }[]
  readonly variables: readonly string[]
  readonly conditional: readonly string[]
}
interface Compiled {
  readonly name: string
  readonly body: string
}

/** What every document asks devices to report. */
const reporting: JsonObject = {
  statusReportingSettings: {
    applicationReportsEnabled: true,
    deviceSettingsEnabled: true,
    softwareInfoEnabled: true,
    memoryInfoEnabled: true,
    networkInfoEnabled: true,
    powerManagementEventsEnabled: true,
    hardwareStatusEnabled: true,
    systemPropertiesEnabled: false,
    commonCriteriaModeEnabled: true,
  },
}
const kept = 2_000
const lookAgainMs = 3_600_000

function bounded<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.set(key, value)
  const oldest = map.size > kept ? map.keys().next() : undefined
  if (oldest?.done === false) map.delete(oldest.value)
}

export function createDocuments(o: {
  host: PlatformHost
  connection: Connection
  features: Rows
  webApps: WebApps
}): Documents {
  const { host, connection } = o
  const contents = new Map<number, Contents>()
  const compiled = new Map<string, Compiled>()
  const standing = new Map<string, { until: number; placed: Promise<Placed> }>()

  /** What of a set differs between devices: variables that its settings use, and features that not every device can do. */
  async function contentsOf(set: number): Promise<Contents> {
    const known = contents.get(set)
    if (known) return known
    const wanted = await host.desired(set)
    const found: Contents = {
      wanted,
      variables: [...new Set(wanted.flatMap((w) => variablesOf(w.settings)))],
      conditional: wanted.map((w) => w.feature).filter((f) => o.features[f]?.some((r) => r.when)),
    }
    // A set may look empty while the transaction that makes it is not committed: only full ones are kept.
    if (wanted.length > 0) bounded(contents, set, found)
    return found
  }
  /** Equal for all that have the set and differ in nothing it speaks of: then it is compiled once. */
  async function compile(d: DocumentDelivery, e: Enterprise): Promise<Compiled> {
    const c = d.channel
    const { wanted, variables, conditional } = await contentsOf(d.set)
    const key = JSON.stringify([
      e.name,
      d.set,
      d.secrets,
      variables.map((v) => c.variables[v] ?? null),
      conditional.map((f) => rowFor(o.features, f, c) !== undefined),
    ])
    const known = compiled.get(key)
    if (known) return known
    const parts = wanted.map((w) => partOf(w.feature, fill(w.settings, c), d, o.features))
    const body = canonical(await o.webApps.resolve(keyed(joined([reporting, ...parts]))))
    const made = { name: nameOf(e, body), body }
    if (wanted.length > 0) bounded(compiled, key, made)
    return made
  }

  /** Asked by many at once, done once; looked up again by the hour, which also says that it is used still. */
  function stand(name: string, body: string): Promise<Placed> {
    const known = standing.get(name)
    if (known && known.until > Date.now()) return known.placed
    return remember(
      name,
      readDocument(host.sql, name).then((kept) =>
        kept ? { name, version: kept.version } : write({ host, connection }, name, body),
      ),
    )
  }
  function remember(name: string, placed: Promise<Placed>): Promise<Placed> {
    const entry = { until: Date.now() + lookAgainMs, placed }
    bounded(standing, name, entry)
    placed.catch(() => {
      if (standing.get(name) === entry) standing.delete(name)
    })
    return placed
  }
  async function exists(name: string): Promise<boolean> {
    try {
      await connection.api({ method: 'GET', path: `v1/${name}` })
      return true
    } catch (e) {
      if (e instanceof GoogleError && e.kind === 'missing') return false
      throw e
    }
  }
  return {
    place: async (d, signal) => {
      signal.throwIfAborted()
      const { name, body } = await compile(d, await connection.bound())
      return stand(name, body)
    },
    base: async () => {
      const body = canonical(reporting)
      return stand(nameOf(await connection.bound(), body), body)
    },
    rewrite: (name, body) => remember(name, write({ host, connection }, name, body)),
    remove: async (name) => {
      standing.delete(name)
      await host.sql`delete from document where name = ${name}`
      await connection.api({ method: 'DELETE', path: `v1/${name}` })
    },
    forget: async () => {
      for (const name of standing.keys()) {
        standing.delete(name)
        const there = await exists(name)
        if (!there) await host.sql`delete from document where name = ${name}`
      }
    },
  }
}

function keyed(document: JsonObject): JsonObject {
  try {
    return withKeys(document)
  } catch (e) {
    throw e instanceof Pkcs12Error ? new GoogleError('unusable', `Client certificate: ${e.message}`) : e
  }
}

async function write(o: { host: PlatformHost; connection: Connection }, name: string, body: string): Promise<Placed> {
  const answer = await o.connection.api({ method: 'PATCH', path: `v1/${name}`, body: JSON.parse(body) as JsonObject })
  const version = Number(answer.version)
  const placed = { name, version: Number.isSafeInteger(version) ? version : 0 }
  await keepDocument(o.host.sql, o.host.vault, { ...placed, body })
  return placed
}

function nameOf(e: Enterprise, body: string): string {
  return `${e.name}/policies/m${createHmac('sha256', e.salt).update(body).digest('hex').slice(0, 32)}`
}

function rowFor(rows: Rows, feature: string, c: ChannelDetail): FeatureRow | undefined {
  return rows[feature]?.find((r) => r.channel === 'device' && (r.when?.(c) ?? true) === true)
}
/** The core hands over nothing for which the device lacks a variable. */
function fill(settings: JsonObject, c: ChannelDetail): JsonObject {
  const filled = fillVariables(settings, c.variables)
  return 'settings' in filled ? filled.settings : settings
}
function partOf(feature: string, settings: JsonObject, d: DocumentDelivery, rows: Rows): JsonObject {
  const row = rowFor(rows, feature, d.channel)
  if (!row) return {}
  const prefix = `${feature}.`
  const secrets = Object.fromEntries(
    Object.entries(d.secrets).flatMap(([n, v]) => (n.startsWith(prefix) ? [[n.slice(prefix.length), v]] : [])),
  )
  const part = row.to(settings, d.channel, secrets)
  return objectOf(part) ?? {}
}
