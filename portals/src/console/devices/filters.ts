/** Filters of the device list live in the address: a list can be linked to, and Back undoes a filter. */
import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'react-router'
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

/** The filters as a target the server works out itself; undefined when the devices must be named one by one. */
export function targetOf(filters: DeviceFilters): Target | undefined {
  const { group, ...rest } = filters
  if (Object.keys(filters).length === 0) return { all: true }
  if (group !== undefined) return Object.keys(rest).length === 0 ? { groups: [group] } : undefined
  const query = queryOf(filters)
  return query === undefined ? undefined : { query }
}

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
          return after
        },
        { replace },
      ),
    [setParams],
  )
  const clear = useCallback(() => setParams({}), [setParams])
  return { filters, set, clear }
}
