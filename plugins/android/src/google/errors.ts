/** What Google's services refuse, sorted by what has to be done about it (google.rpc.Status, AIP-193). */
import type { Json, JsonObject, Reason } from '@muster/contract'
import { objectOf, objectsOf } from '../documents/index.ts'

/**
 * quota: later; away: it did not answer, or failed; access: the service account may not; missing: there is no such thing;
 * conflict: it changed meanwhile; refused: what was sent is not taken; unset: nothing is set up here; unusable: a setting cannot be put in Google’s words.
 */
export type ErrorKind = 'quota' | 'away' | 'access' | 'missing' | 'conflict' | 'refused' | 'unset' | 'unusable'

export class GoogleError extends Error {
  readonly kind: ErrorKind
  readonly status: number
  /** Fields that Google names, as `passwordPolicies[0].passwordMinimumLength`. */
  readonly fields: readonly string[]
  /** Seconds after which Google asks to come again. */
  readonly retryAfterS: number | undefined
  /** It failed before anything was asked for. */
  unsent = false
  constructor(
    kind: ErrorKind,
    text: string,
    o: { status?: number; fields?: readonly string[]; retryAfterS?: number } = {},
  ) {
    super(text)
    this.name = 'GoogleError'
    this.kind = kind
    this.status = o.status ?? 0
    this.fields = o.fields ?? []
    this.retryAfterS = o.retryAfterS
  }
  /** For administrators. */
  get reason(): Reason {
    return {
      code: `google-${this.kind}`,
      text: `${said[this.kind]}${this.message ? `: ${this.message}` : '.'}`.slice(0, 1000),
    }
  }
}

const said: Readonly<Record<ErrorKind, string>> = {
  quota: 'Google’s quota is used up; it is tried again',
  away: 'Google could not be reached, or failed; it is tried again',
  access: 'Google does not let the service account do this',
  missing: 'Google knows no such thing',
  conflict: 'It was changed at Google meanwhile; it is tried again',
  refused: 'Google refused it',
  unset: 'No enterprise is bound yet: see the set-up of Android',
  unusable: 'A setting cannot be given to Google',
}

const kinds: Readonly<Record<number, ErrorKind>> = {
  401: 'access',
  403: 'access',
  404: 'missing',
  408: 'away',
  409: 'conflict',
  410: 'missing',
  412: 'conflict',
  429: 'quota',
}
/** Google also says by 403 that a quota is used up. */
const quotaWords = [
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'quotaExceeded',
  'RATE_LIMIT_EXCEEDED',
  'RESOURCE_EXHAUSTED',
]

/** Of an answer that is no success. Total: proxies answer in words of their own. */
export function errorOf(status: number, body: Json, retryAfter: string | null): GoogleError {
  const error = objectOf(objectOf(body)?.error) ?? {}
  const details = objectsOf(error.details)
  const words = [error.status, ...objectsOf(error.errors).map((e) => e.reason), ...details.map((d) => d.reason)]
  const kind = words.some((w) => quotaWords.includes(String(w)))
    ? 'quota'
    : (kinds[status] ?? (status >= 500 ? 'away' : 'refused'))
  const violations = details.flatMap((d) => objectsOf(d.fieldViolations))
  const fields = violations.flatMap((v) =>
    typeof v.field === 'string' && v.field !== '' ? [v.field.slice(0, 200)] : [],
  )
  const message = typeof error.message === 'string' ? error.message : ''
  const named = violations.map((v) => `${String(v.field ?? '')}: ${String(v.description ?? '')}`.slice(0, 300))
  // Google's message mostly names the field itself; the violations do it surely.
  const text = [message.slice(0, 500), ...named.filter((n) => !message.includes(n))].filter(Boolean).join(' · ')
  return new GoogleError(kind, text, { status, fields, retryAfterS: secondsOf(retryAfter, details) })
}

function secondsOf(header: string | null, details: readonly JsonObject[]): number | undefined {
  const told = header ?? details.map((d) => d.retryDelay).find((d) => typeof d === 'string')
  const found = typeof told === 'string' ? /^(\d{1,6}(?:\.\d+)?)s?$/.exec(told.trim()) : null
  return found ? Number(found[1]) : undefined
}
