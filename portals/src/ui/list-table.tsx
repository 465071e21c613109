/** A table of one list: its head and its rows; on a small screen each row becomes a card that names its values. */
import { Table } from '@mantine/core'
import type { CSSProperties, ReactNode } from 'react'
import classes from './list-table.module.css'

export function ListTable({
  label,
  head,
  minWidth = 640,
  children,
}: {
  label: string
  /** Words over each column, at most eight. */
  head: readonly string[]
  minWidth?: number
  children: ReactNode
}) {
  return (
    <Table.ScrollContainer
      type="native"
      minWidth={minWidth}
      tabIndex={0}
      role="region"
      aria-label={label}
      className={classes.scroll ?? ''}
    >
      <Table className={classes.table ?? ''} style={namesOf(head)}>
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

/** The words over the columns for the style sheet: a card says them beside each value. */
function namesOf(head: readonly string[]): CSSProperties {
  return Object.fromEntries(head.map((words, i) => [`--column-${i + 1}`, JSON.stringify(words)])) as CSSProperties
}
