/** Features as tests use them: written for a device, and answered by one that has exactly what it was given. */
import {
  type ChannelDetail,
  type FeatureDescriptor,
  type FeatureRow,
  type Json,
  type JsonObject,
  passcode,
  type Verdict,
  withoutSecrets,
} from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import type { Answer, Work } from '../wire/index.ts'
import { featureRows, windowsFeatures } from './index.ts'

export const win11: JsonObject = { 'os.version': '10.0.22631.4317', 'windows.edition': 'Enterprise' }
export const device = (facts: JsonObject = win11): ChannelDetail => sampleChannel({ platform: 'windows', facts })

export function descriptorOf(id: string): FeatureDescriptor {
  const d = [passcode as FeatureDescriptor, ...windowsFeatures].find((f) => f.id === id)
  if (!d) throw new Error(`nobody describes ${id}`)
  return d
}
export function rowOf(id: string): FeatureRow {
  const row = featureRows[id]?.[0]
  if (!row) throw new Error(`no row speaks ${id}`)
  return row
}

/** With the defaults, as the core stores them; secrets apart. */
export function put(id: string, settings: object, o: { facts?: JsonObject; kept?: Json; version?: string } = {}): Work {
  const d = descriptorOf(id)
  const read = d.settings.parse(settings) as JsonObject
  const plain = withoutSecrets(read, d.secret)
  const secrets = secretsOf(read, d.secret ?? [])
  return rowOf(id).to(plain, device(o.facts), secrets, o.kept, o.version) as unknown as Work
}

function secretsOf(settings: JsonObject, patterns: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const pattern of patterns) {
    const [list = '', , name = ''] = pattern.split('/')
    const items = settings[list]
    if (Array.isArray(items))
      for (const [i, item] of items.entries()) {
        const value = typeof item === 'object' && item !== null && !Array.isArray(item) ? item[name] : undefined
        if (typeof value === 'string') found[`${list}/${i}/${name}`] = value
      }
  }
  return found
}

/** What is written, as `verb name = data`. */
export const lines = (w: Work, root = './Device/Vendor/MSFT/'): string[] =>
  w.commands
    .filter((c) => c.verb !== 'Get')
    .map((c) => `${c.verb} ${c.uri.replace(root, '')}${c.data === undefined ? '' : ` = ${c.data}`}`)

/** A device that does it all, and tells what it was given. */
export function obeyed(w: Work): Answer {
  const written = new Map(w.commands.flatMap((c) => (c.data === undefined ? [] : [[c.uri, c.data] as const])))
  return {
    statuses: w.commands.map(({ verb, uri }) => ({ verb, uri, code: 200 })),
    results: w.commands.flatMap((c) => (c.verb === 'Get' ? [{ uri: c.uri, data: written.get(c.uri) ?? '' }] : [])),
  }
}

export function checked(id: string, settings: object, nodes: JsonObject, facts: JsonObject = win11): Verdict {
  const d = descriptorOf(id)
  const plain = withoutSecrets(d.settings.parse(settings) as JsonObject, d.secret)
  const verdict = rowOf(id).check?.(plain, { 'windows.nodes': nodes }, facts)
  if (!verdict) throw new Error(`${id} is not checked`)
  return verdict
}

/** As the session keeps the values of a work. */
export const nodesOf = (w: Work): JsonObject =>
  Object.fromEntries(w.commands.flatMap((c) => (c.data === undefined ? [] : [[c.uri, c.data]])))
