/** Activities as the turn needs them: immutable once written, so a bounded cache spares the read. */
import type { JsonObject } from '@muster/contract'
import type { Sqlish } from '../db/index.ts'
import type { Secrets } from '../secrets/index.ts'

export interface ActivityWords {
  readonly kind: 'operation' | 'errand'
  readonly operation: string
  readonly params: JsonObject
  readonly signed?: boolean
}

interface Row {
  no: number
  kind: ActivityWords['kind']
  operation: string
  params: JsonObject
  secret_params: Buffer | null
}
const cacheSize = 5_000
export const secretPlace = 'activity|params|secret_params'

export function createActivityCache(secrets: Secrets) {
  const cache = new Map<number, ActivityWords>()

  /** All activities asked for that exist, in one statement for those not cached. */
  async function read(db: Sqlish, nos: readonly number[]): Promise<Map<number, ActivityWords>> {
    const found = new Map<number, ActivityWords>()
    const missing: number[] = []
    for (const no of new Set(nos)) {
      const known = cache.get(no)
      if (known) found.set(no, known)
      else missing.push(no)
    }
    if (missing.length === 0) return found
    const rows = await db.query<Row>({
      name: 'activities',
      text: 'select no, kind, operation, params, secret_params from activity where no = any($1::bigint[])',
      values: [missing],
    })
    for (const r of rows) {
      const hidden = r.secret_params
        ? (JSON.parse(secrets.open(secretPlace, r.secret_params).toString()) as JsonObject)
        : {}
      const words = { kind: r.kind, operation: r.operation, params: { ...r.params, ...hidden } }
      found.set(r.no, words)
      // Secrets are read when they are delivered and never kept.
      if (!r.secret_params) remember(r.no, words)
    }
    return found
  }
  function remember(no: number, words: ActivityWords): void {
    if (cache.size >= cacheSize) for (const key of [...cache.keys()].slice(0, cacheSize / 10)) cache.delete(key)
    cache.set(no, words)
  }
  return {
    read,
    /** From memory alone. */
    known: (no: number): ActivityWords | undefined => cache.get(no),
  }
}
export type ActivityCache = ReturnType<typeof createActivityCache>
