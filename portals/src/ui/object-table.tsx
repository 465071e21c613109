/** A list of like objects (packages, interfaces, ports) as a table with a search, a hundred rows at a time. */
import { Button, Center, Group, Stack, Table, Text, TextInput } from '@mantine/core'
import { useDeferredValue, useMemo, useState } from 'react'
import { t, tn } from '../text/index.ts'
import { Icon } from './icons.tsx'
import { ListTable } from './list-table.tsx'
import { formatInline, formatScalar, nameOf } from './value.tsx'

type Row = Readonly<Record<string, unknown>>
const step = 100

export function ObjectTable({ label, rows, find }: { label: string; rows: readonly Row[]; find?: string }) {
  const [typed, setTyped] = useState('')
  const q = useDeferredValue(typed.trim().toLowerCase())
  const [shown, setShown] = useState(step)
  const columns = useMemo(() => columnsOf(rows), [rows])
  const found = useMemo(
    () =>
      q === ''
        ? rows
        : rows.filter((row) => columns.some((column) => formatInline(row[column]).toLowerCase().includes(q))),
    [rows, columns, q],
  )
  return (
    <Stack gap="sm">
      {find !== undefined && (
        <Group justify="space-between">
          <TextInput
            type="search"
            aria-label={find}
            placeholder={find}
            value={typed}
            onChange={(e) => {
              setTyped(e.currentTarget.value)
              setShown(step)
            }}
            leftSection={<Icon name="search" size={16} />}
            w={{ base: '100%', sm: 320 }}
          />
          <Text size="sm" c="dimmed" role="status">
            {tn('table.rows', found.length)}
          </Text>
        </Group>
      )}
      <ListTable label={label} head={columns.map((column) => nameOf(column).name)} minWidth={columns.length * 130}>
        {Array.from(found.slice(0, shown).entries(), ([place, row]) => (
          // Reported rows have no id of their own: their place is their name.
          <Table.Tr key={place}>
            {columns.map((column) => (
              <Table.Td key={column}>{cell(row[column], nameOf(column).unit)}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </ListTable>
      {found.length > shown && (
        <Center>
          <Button variant="default" onClick={() => setShown(shown + 5 * step)}>
            {t('page.more')}
          </Button>
        </Center>
      )}
    </Stack>
  )
}

function cell(value: unknown, unit: string | undefined): string {
  return typeof value === 'number' && unit !== undefined ? formatScalar(value, unit) : formatInline(value)
}

/** What names a row stands first; the rest as it was reported. */
function columnsOf(rows: readonly Row[]): string[] {
  const columns = [...new Set(rows.slice(0, 50).flatMap((row) => Object.keys(row)))]
  const naming = ['name', 'device', 'path'].find((one) => columns.includes(one))
  return naming === undefined ? columns : [naming, ...columns.filter((one) => one !== naming)]
}
