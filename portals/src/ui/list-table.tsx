/** A table of one list: its head, its rows, scrolled by keyboard too where the page is narrow. */
import { Table } from '@mantine/core'
import type { ReactNode } from 'react'

export function ListTable({
  label,
  head,
  minWidth = 640,
  children,
}: {
  label: string
  /** Words over each column. */
  head: readonly string[]
  minWidth?: number
  children: ReactNode
}) {
  return (
    <Table.ScrollContainer type="native" minWidth={minWidth} tabIndex={0} role="region" aria-label={label}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            {head.map((words) => (
              <Table.Th key={words}>{words}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
