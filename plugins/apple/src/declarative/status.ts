/** A status report as the device sends it: which declarations hold, what it says of itself, and what went wrong. */
import type { JsonObject } from '@muster/contract'

export interface DeclarationStatus {
  kind: 'configuration' | 'asset'
  identifier: string
  token: string
  active: boolean
  valid: 'valid' | 'invalid' | 'unknown'
  reasons: string
}
export interface StatusReport {
  /** Undefined: this report does not speak of them. All that there are, otherwise. */
  declarations?: DeclarationStatus[]
  items: JsonObject
  full: boolean
  /** Items that the device could not tell. */
  errors: string[]
}

const limits = { bytes: 1 << 20, declarations: 4_000, depth: 32 } as const

/** Undefined: it is no status report. */
export function readStatus(data: Uint8Array): StatusReport | undefined {
  if (data.length > limits.bytes) return undefined
  let parsed: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(data)
    if (deeper(text, limits.depth)) return undefined
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  const report = objectOf(parsed)
  const items = objectOf(report?.StatusItems)
  if (!items) return undefined
  const declarations = objectOf(objectOf(items.management)?.declarations)
  return {
    declarations: Array.isArray(declarations?.configurations)
      ? [...statesOf('configuration', declarations.configurations), ...statesOf('asset', declarations.assets)]
      : undefined,
    items,
    full: report?.FullReport === true,
    errors: errorsOf(report?.Errors),
  }
}

/** Brackets outside of strings. */
function deeper(text: string, depth: number): boolean {
  let at = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (quoted) {
      if (c === 92) i++
      else if (c === 34) quoted = false
    } else if (c === 34) quoted = true
    else if (c === 91 || c === 123) {
      if (++at > depth) return true
    } else if (c === 93 || c === 125) at--
  }
  return false
}

function statesOf(kind: DeclarationStatus['kind'], listed: unknown): DeclarationStatus[] {
  if (!Array.isArray(listed)) return []
  return listed.slice(0, limits.declarations).flatMap((one) => {
    const o = objectOf(one)
    const { identifier, 'server-token': token, valid } = o ?? {}
    if (typeof identifier !== 'string' || typeof token !== 'string') return []
    return [
      {
        kind,
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
    const o = objectOf(one)
    const [code, description] = [o?.code ?? o?.Code, o?.description ?? o?.Description]
    return typeof code === 'string' ? [typeof description === 'string' ? `${code}: ${description}` : code] : []
  })
  return words.join('; ').slice(0, 1_000)
}

function errorsOf(listed: unknown): string[] {
  if (!Array.isArray(listed)) return []
  return listed.slice(0, 50).flatMap((one) => {
    const { StatusItem: item, Reasons: reasons } = objectOf(one) ?? {}
    return typeof item === 'string' ? [`${item.slice(0, 200)}: ${reasonsOf(reasons)}`] : []
  })
}

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}
