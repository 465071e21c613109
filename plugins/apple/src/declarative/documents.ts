/** What a device is given of its declarations: tokens, the list, and each one (Apple, "Declarative Management"). Pure. */
import { createHash } from 'node:crypto'
import type { Json, JsonObject } from '@muster/contract'

/** A profile that a device is to have. `token` changes with its content. */
export interface Declared {
  feature: string
  token: string
  /** Where the device fetches the profile. */
  url: string
}
export interface Declaration {
  kind: 'activation' | 'configuration'
  identifier: string
  token: string
  type: string
  payload: JsonObject
}
/** Reported without being asked for: which declarations are valid and active. The rest is subscribed to. */
const subscribed = [
  'device.operating-system.version',
  'device.operating-system.build-version',
  'passcode.is-compliant',
  'passcode.is-present',
  'softwareupdate.pending-version',
  'softwareupdate.install-state',
  'softwareupdate.failure-reason',
] as const

/** `<prefix>.<feature>`: the same as long as the feature is. */
export const configurationId = (prefix: string, feature: string): string => `${prefix}.declared.${feature}`
const hash = (...parts: readonly string[]) =>
  createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 32)

/** One activation for each configuration, so that one which fails holds up no other. */
export function declarationsOf(prefix: string, all: readonly Declared[]): Declaration[] {
  const items = subscribed.map((name) => ({ Name: name }))
  const status: Declaration = {
    kind: 'configuration',
    identifier: `${prefix}.status`,
    token: hash(...subscribed),
    type: 'com.apple.configuration.management.status-subscriptions',
    payload: { StatusItems: items as Json },
  }
  const configurations = all.map(
    (d): Declaration => ({
      kind: 'configuration',
      identifier: configurationId(prefix, d.feature),
      token: d.token,
      type: 'com.apple.configuration.legacy',
      payload: { ProfileURL: d.url },
    }),
  )
  return [status, ...configurations].flatMap((c) => [c, activationOf(c)])
}
function activationOf(c: Declaration): Declaration {
  return {
    kind: 'activation',
    identifier: `${c.identifier}.activation`,
    token: hash('activation', c.identifier),
    type: 'com.apple.activation.simple',
    payload: { StandardConfigurations: [c.identifier] },
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
    Declarations: { Activations: of('activation'), Configurations: of('configuration'), Assets: [], Management: [] },
    DeclarationsToken: tokenOf(all),
  }
}

export function document(d: Declaration): JsonObject {
  return { Type: d.type, Identifier: d.identifier, ServerToken: d.token, Payload: d.payload }
}
