/** How the pages read: keyset lists page by page, single things, and what is found as one types. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Page } from './model.ts'

export const minute = 60_000
export const path = (id: string) => ({ path: { id } })

/** A keyset list: pages are fetched one after the other with the cursor of the one before. */
export function pages<P extends Page<unknown>>(
  key: readonly unknown[],
  fetchPage: (query: { cursor?: string; limit: number }, signal: AbortSignal) => Promise<P>,
  limit = 50,
) {
  return infiniteQueryOptions({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      fetchPage({ limit, ...(pageParam === undefined ? {} : { cursor: pageParam }) }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  })
}
export function one<T>(queryKey: readonly unknown[], read: (signal: AbortSignal) => Promise<T>, staleTime = 0) {
  return queryOptions({ queryKey, queryFn: ({ signal }) => read(signal), staleTime })
}

/** `If-Match` of the revision that was read: the server refuses when somebody saved meanwhile. */
export const matching = (id: string, revision: number) => ({ ...path(id), header: { 'if-match': `"${revision}"` } })
