/** What a test asks the API to do wrong, and the quota of a project: answers other than the true one, answers that never come, and work done whose answer is lost. */
import { ApiError, type Code } from './errors.ts'

export interface ApiFault {
  /** Name of a method (`enterprises.policies.patch`), `token`, or a part of one; every request without it. */
  readonly method?: string
  /** For how many requests; without it until `clear`. */
  readonly times?: number
  /**
   * A code: refused with it, and nothing is done. `lost`: it is done, and the connection ends without an answer. `cut`: nothing is done, and the connection ends.
   * `hang`: nothing is done and nothing is said. `garbage`: something that is no JSON.
   */
  readonly what: Code | 'lost' | 'cut' | 'hang' | 'garbage'
  readonly retryAfterS?: number
  /** The refusal names this field. */
  readonly field?: string
  /** Of every n-th request that it is for. Default 1: of each. */
  readonly every?: number
}
export type Mishap = Exclude<ApiFault['what'], Code>
export interface Quota {
  readonly requests: number
  readonly perS: number
}
export interface Faults {
  add(fault: ApiFault): void
  clear(): void
  /** Throws the refusal that is due, or answers what else is to go wrong. */
  due(method: string): Mishap | undefined
  setQuota(quota: Quota | undefined): void
  /** Throws 429 when the project has asked too often. */
  spend(project: string): void
}

const mishaps: ReadonlySet<string> = new Set<Mishap>(['lost', 'cut', 'hang', 'garbage'])
const isMishap = (what: ApiFault['what']): what is Mishap => mishaps.has(what)

export function createFaults(now: () => number): Faults {
  let faults: { fault: ApiFault; left: number; met: number }[] = []
  let quota: Quota | undefined
  const asked = new Map<string, { at: number; n: number }>()

  return {
    add: (fault) => void faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY, met: 0 }),
    clear() {
      faults = []
    },
    due(method) {
      const met = faults.find(({ fault }) => fault.method === undefined || method.includes(fault.method))
      if (met === undefined) return undefined
      met.met += 1
      const { fault } = met
      if (met.met % (fault.every ?? 1) !== 0) return undefined
      met.left -= 1
      if (met.left <= 0) faults = faults.filter((f) => f !== met)
      if (isMishap(fault.what)) return fault.what
      const { retryAfterS, field } = fault
      const violations = field === undefined ? undefined : [{ field, description: 'It was asked to be wrong.' }]
      throw new ApiError(fault.what, texts[fault.what] ?? 'It was asked to go wrong.', { retryAfterS, violations })
    },
    setQuota(given) {
      quota = given
      asked.clear()
    },
    spend(project) {
      if (quota === undefined) return
      const at = now()
      let window = asked.get(project)
      if (window === undefined || at - window.at >= 1000 * quota.perS) {
        window = { at, n: 0 }
        asked.set(project, window)
      }
      window.n += 1
      if (window.n <= quota.requests) return
      const retryAfterS = Math.max(1, Math.ceil((window.at + 1000 * quota.perS - at) / 1000))
      throw new ApiError(
        'RESOURCE_EXHAUSTED',
        `Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service 'androidmanagement.googleapis.com' for consumer 'project:${project}'.`,
        { reason: 'RATE_LIMIT_EXCEEDED', retryAfterS },
      )
    },
  }
}

const texts: Partial<Record<Code, string>> = {
  INVALID_ARGUMENT: 'Request contains an invalid argument.',
  UNAUTHENTICATED: 'Request had invalid authentication credentials.',
  PERMISSION_DENIED: 'Caller is not authorized to manage enterprise.',
  NOT_FOUND: 'Requested entity was not found.',
  ABORTED: 'The operation was aborted.',
  ALREADY_EXISTS: 'Requested entity already exists',
  RESOURCE_EXHAUSTED: 'Resource has been exhausted (e.g. check quota).',
  INTERNAL: 'Internal error encountered.',
  UNAVAILABLE: 'The service is currently unavailable.',
  DEADLINE_EXCEEDED: 'Deadline expired before operation could complete.',
}
