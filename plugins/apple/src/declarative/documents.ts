/** What a device is given of its declarations: tokens, the list, and each one (Apple, "Declarative Management"). Pure. */
import { createHash } from 'node:crypto'
import type { ChannelDetail, Json, JsonObject } from '@muster/contract'
import { available, canDeclare, systemsOf, withAssets } from '../profiles/index.ts'
import { subscriptions } from './status-items.ts'
import type { KeptPart } from './store.ts'

export const kinds = ['activation', 'configuration', 'asset', 'management'] as const
export interface Declaration {
  kind: (typeof kinds)[number]
  identifier: string
  token: string
  type: string
  payload: JsonObject
  /** What it is kept as. */
  part?: KeptPart
}

/** `<prefix>.declared.<name>`: the same as long as the feature and its item are. */
export const configurationId = (prefix: string, name: string): string => `${prefix}.declared.${name}`
export const assetId = (prefix: string, name: string): string => `${prefix}.asset.${name}`
const hash = (...parts: readonly string[]) =>
  createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 32)

export interface Declaring {
  prefix: string
  organisation: string
  channel: ChannelDetail
  parts: readonly KeptPart[]
  /** Where the device fetches the file of a part. */
  addressOf(p: KeptPart): string
}

/** One activation for each configuration, so that one which fails or does not concern the device holds up no other. */
export function declarationsOf(o: Declaring): Declaration[] {
  const status = fixed('configuration', `${o.prefix}.status`, 'configuration.management.status-subscriptions', {
    StatusItems: subscriptions(o.channel).map((name) => ({ Name: name })),
  })
  const kept = o.parts.map((p) => declarationOf(p, o))
  return [...management(o), status, activationOf(status), ...kept].flatMap((d) =>
    d.kind === 'configuration' && d.part ? [d, activationOf(d)] : [d],
  )
}

function declarationOf(p: KeptPart, o: Declaring): Declaration {
  const identifier = p.kind === 'asset' ? assetId(o.prefix, p.name) : configurationId(o.prefix, p.name)
  const legacy = p.kind === 'configuration' && p.content !== null
  const own = withAssets(p.payload, (name) => assetId(o.prefix, name)) as JsonObject
  return {
    kind: p.kind,
    identifier,
    token: p.token,
    type: p.type,
    payload: legacy ? { ...own, ProfileURL: o.addressOf(p) } : own,
    part: p,
  }
}

/** Who manages the device, what predicates may ask of it, and what this server speaks. */
function management({ prefix, organisation, channel: c }: Declaring): Declaration[] {
  const properties = available(systemsOf('i16.0 m13.0 t16.0 v1.1 w10.0'), c) === true && canDeclare(c)
  return [
    fixed('management', `${prefix}.organization`, 'management.organization-info', { Name: organisation }),
    fixed('management', `${prefix}.server`, 'management.server-capabilities', {
      Version: '1.0.0',
      SupportedFeatures: {},
    }),
    ...(properties
      ? [
          fixed('management', `${prefix}.properties`, 'management.properties', {
            device: c.device,
            ownership: c.ownership,
          }),
        ]
      : []),
  ]
}

function fixed(kind: Declaration['kind'], identifier: string, type: string, payload: JsonObject): Declaration {
  return { kind, identifier, token: hash(type, JSON.stringify(payload)), type: `com.apple.${type}`, payload }
}

function activationOf(c: Declaration): Declaration {
  const { predicate } = c.part ?? {}
  return {
    kind: 'activation',
    identifier: `${c.identifier}.activation`,
    token: hash('activation', c.identifier, predicate ?? ''),
    type: 'com.apple.activation.simple',
    payload: { StandardConfigurations: [c.identifier], ...(predicate && { Predicate: predicate }) },
  }
}

/** At most 256 octets; another one whenever anything in the list is. */
const tokenOf = (all: readonly Declaration[]): string => hash(...all.map((d) => `${d.identifier} ${d.token}`).sort())

export function tokens(all: readonly Declaration[], changed: Date): JsonObject {
  const at = `${changed.toISOString().slice(0, 19)}Z`
  return { SyncTokens: { Timestamp: at, DeclarationsToken: tokenOf(all) } }
}

export function items(all: readonly Declaration[]): JsonObject {
  const of = (kind: Declaration['kind']): Json =>
    all.filter((d) => d.kind === kind).map((d) => ({ Identifier: d.identifier, ServerToken: d.token }))
  return {
    Declarations: {
      Activations: of('activation'),
      Configurations: of('configuration'),
      Assets: of('asset'),
      Management: of('management'),
    },
    DeclarationsToken: tokenOf(all),
  }
}

export function document(d: Declaration, payload = d.payload): JsonObject {
  return { Type: d.type, Identifier: d.identifier, ServerToken: d.token, Payload: payload }
}
