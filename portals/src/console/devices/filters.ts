/** Filters of the device list live in the address: a list can be linked to, and Back undoes a filter. */
import { useCallback, useMemo } from 'react'
import { useLocation, useSearchParams } from 'react-router'
import type { DeviceFilters, DeviceQuery, Target } from '../../api/index.ts'

export const filterNames = [
  'q',
  'platform',
  'liveness',
  'compliance',
  'ownership',
  'lifecycle',
  'formFactor',
  'group',
  'owner',
] as const
export type FilterName = (typeof filterNames)[number]

/** Only filters the API knows, only when they say something. */
export function filtersOf(params: URLSearchParams): DeviceFilters {
  return Object.fromEntries(
    filterNames.map((name) => [name, params.get(name) ?? '']).filter(([, value]) => value !== ''),
  )
}

/** Filters that the query language over devices says in the same words. */
const fields: readonly FilterName[] = ['platform', 'ownership', 'lifecycle', 'formFactor']

/** The filters as a query, for a group that fills itself; undefined when one of them is no fact of a device. */
export function queryOf(filters: DeviceFilters): DeviceQuery | undefined {
  const names = filterNames.filter((name) => filters[name] !== undefined)
  if (names.length === 0 || !names.every((name) => fields.includes(name))) return undefined
  const conditions = names.map((field) => ({ field, op: 'eq' as const, value: filters[field] }))
  return conditions.length === 1 ? conditions[0] : { and: conditions }
}

/** Everything that the list shows, however much it is: the server works it out itself. */
export function targetOf(filters: DeviceFilters): Target {
  return Object.keys(filters).length === 0 ? { all: true } : { filter: filters }
}

/** Where in the list one is: `after`, the cursor of the page before; `from`, the number of its first row. */
const places = ['after', 'from']

export function useFilters() {
  const [params, setParams] = useSearchParams()
  const filters = useMemo(() => filtersOf(params), [params])
  const set = useCallback(
    (name: FilterName, value: string | null, replace = false) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before)
          if (value === null || value === '') after.delete(name)
          else after.set(name, value)
          for (const place of places) after.delete(place)
          return after
        },
        { replace },
      ),
    [setParams],
  )
  const clear = useCallback(() => setParams({}), [setParams])
  /** All filters at once, as a saved query has them. */
  const open = useCallback((all: DeviceFilters) => setParams(searchOf(all)), [setParams])
  return { filters, set, clear, open }
}

/** The filters as they stand in the address. */
export function searchOf(filters: DeviceFilters): Record<string, string> {
  return Object.fromEntries(
    filterNames.flatMap((name) => (filters[name] === undefined ? [] : [[name, String(filters[name])]])),
  )
}

export interface Place {
  /** Cursor of this page; undefined on the first. */
  readonly cursor: string | undefined
  /** Number of its first row, counted from 1. */
  readonly from: number
  /** Forward to the page that `next` begins; `shown`: rows on this one. */
  forward(next: string, shown: number): void
  back(): void
  first(): void
}

/** The page of the list, kept in the address; the way back is kept beside it in the history. */
export function usePlace(): Place {
  const [params, setParams] = useSearchParams()
  const trail = trailOf(useLocation().state)
  const cursor = params.get('after') ?? undefined
  const from = Math.max(1, Number.parseInt(params.get('from') ?? '1', 10) || 1)
  const go = (to: { cursor: string; from: number } | undefined, way: Trail) => {
    setParams(
      (before) => {
        const after = new URLSearchParams(before)
        for (const place of places) after.delete(place)
        if (to !== undefined) {
          after.set('after', to.cursor)
          after.set('from', String(to.from))
        }
        return after
      },
      { state: { trail: way } },
    )
    window.scrollTo({ top: 0 })
  }
  return {
    cursor,
    from,
    forward: (next, shown) =>
      go({ cursor: next, from: from + shown }, [...trail, ...(cursor === undefined ? [] : [{ cursor, from }])]),
    back: () => go(trail.at(-1), trail.slice(0, -1)),
    first: () => go(undefined, []),
  }
}
type Trail = readonly { cursor: string; from: number }[]

function trailOf(state: unknown): Trail {
  return typeof state === 'object' && state !== null && 'trail' in state && Array.isArray(state.trail)
    ? (state.trail as Trail)
    : []
}
