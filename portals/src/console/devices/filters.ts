/** Filters of the device list live in the address: a list can be linked to, and Back undoes a filter. */
import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import type { DeviceFilters } from '../../api/index.ts'

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
