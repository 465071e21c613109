/** A status report as the device sends it: which declarations hold, what it says of itself, and what went wrong. */
import type { Json, JsonObject, Verdict } from '@muster/contract'

export interface DeclarationStatus {
  identifier: string
  token: string
  active: boolean
  valid: 'valid' | 'invalid' | 'unknown'
  reasons: string
}
export interface StatusReport {
  /** Undefined: this report does not speak of them. */
  configurations?: DeclarationStatus[]
  facts: JsonObject
}

const limits = { bytes: 1 << 20, configurations: 2_000 } as const

/** Undefined: it is no status report. */
export function readStatus(data: Uint8Array): StatusReport | undefined {
  if (data.length > limits.bytes) return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data))
  } catch {
    return undefined
  }
  const items = objectOf(objectOf(parsed)?.StatusItems)
  if (!items) return undefined
  const declarations = objectOf(objectOf(items.management)?.declarations)
  return { configurations: configurationsOf(declarations?.configurations), facts: factsOf(items) }
}

function configurationsOf(listed: unknown): DeclarationStatus[] | undefined {
  if (!Array.isArray(listed)) return undefined
  return listed.slice(0, limits.configurations).flatMap((one) => {
    const o = objectOf(one)
    const { identifier, 'server-token': token, valid } = o ?? {}
    if (typeof identifier !== 'string' || typeof token !== 'string') return []
    return [
      {
        identifier,
        token,
        active: o?.active === true,
        valid: valid === 'valid' || valid === 'invalid' ? valid : ('unknown' as const),
        reasons: reasonsOf(o?.reasons),
      },
    ]
  })
}

/** "Error.ConfigurationCannotBeApplied: …; …" */
function reasonsOf(listed: unknown): string {
  if (!Array.isArray(listed)) return ''
  const words = listed.slice(0, 8).flatMap((one) => {
    const { code, description } = objectOf(one) ?? {}
    return typeof code === 'string' ? [typeof description === 'string' ? `${code}: ${description}` : code] : []
  })
  return words.join('; ').slice(0, 1_000)
}

function factsOf(items: JsonObject): JsonObject {
  const os = objectOf(objectOf(items.device)?.['operating-system'])
  const found: [string, Json | undefined][] = [
    ['os.version', os?.version],
    ['os.build', os?.['build-version']],
    ['apple.passcodePresent', objectOf(items.passcode)?.['is-present']],
    ['apple.passcodeCompliant', objectOf(items.passcode)?.['is-compliant']],
  ]
  const fits = (fact: string, value: Json | undefined) =>
    typeof value === (fact.startsWith('apple.') ? 'boolean' : 'string') && value !== ''
  return Object.fromEntries(found.filter(([fact, value]) => fits(fact, value))) as JsonObject
}

/** Undefined: the device has not come to an end with it. */
export function verdictOf(s: DeclarationStatus): Verdict | undefined {
  if (s.valid === 'unknown') return undefined
  if (s.valid === 'invalid')
    return {
      state: 'failed',
      reason: { code: 'declaration-invalid', text: s.reasons || 'The device calls it invalid.' },
    }
  if (s.active) return { state: 'verified' }
  return {
    state: 'unknown',
    reason: { code: 'declaration-inactive', text: s.reasons || 'It is valid, and not active.' },
  }
}

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}
