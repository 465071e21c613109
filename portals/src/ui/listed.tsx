/** A keyset list as pages show it: loading, refused, empty or its rows, and below them how to see more. */
import { Paper } from '@mantine/core'
import type { ReactNode } from 'react'
import { More, Shown } from './page.tsx'

interface ListQuery<T> {
  data: { pages: readonly { items: readonly T[] }[] } | undefined
  error: unknown
  refetch: () => unknown
  hasNextPage: boolean
  isFetchingNextPage: boolean
  isFetchNextPageError: boolean
  fetchNextPage: () => unknown
}

/** `bare`: without the frame around the rows, where they stand in one already or each in its own. */
export function Listed<T>({
  query,
  empty,
  bare = false,
  children,
}: {
  query: ListQuery<T>
  /** Shown instead of no rows. */
  empty: ReactNode
  bare?: boolean
  children: (rows: readonly T[]) => ReactNode
}) {
  return (
    <>
      <Shown query={query}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.items)
          const shown = rows.length === 0 ? empty : children(rows)
          return bare ? shown : <Paper>{shown}</Paper>
        }}
      </Shown>
      <More query={query} />
    </>
  )
}
