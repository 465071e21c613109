/** One group of what the device reported (its software, its network), lists as searchable tables. */
import { Group, Paper, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { catalog, type Device } from '../../api/index.ts'
import { readable, t } from '../../text/index.ts'
import { AsOf, Card, Empty, ObjectTable, Pairs } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { rowsOf } from './fact-rows.ts'

export function FactTables({ device, group, none }: { device: Device; group: 'software' | 'network'; none: string }) {
  const mayCatalog = useMay('platform:read')
  const known =
    useQuery({ ...catalog(), enabled: mayCatalog }).data?.platforms.find((p) => p.id === device.platform)?.facts ?? []
  const facts = Object.entries(device.facts)
    .filter(([id]) => id.startsWith(`${group}.`))
    .map(([id, value]) => ({
      id,
      name: known.find((fact) => fact.id === id)?.title ?? readable(id.slice(group.length + 1)),
      value,
      rows: rowsOf(value),
    }))
  const simple = facts.filter((fact) => fact.rows === undefined)
  const tables = facts.filter((fact) => fact.rows !== undefined && fact.rows.length > 0)
  if (facts.length === 0) {
    return (
      <Paper>
        <Empty icon="box" title={none}>
          {t('device.noneReported')}
        </Empty>
      </Paper>
    )
  }
  return (
    <Stack gap="lg">
      <Group justify="flex-end">
        <Text size="xs" c="dimmed">
          <AsOf at={device.factsAt} />
        </Text>
      </Group>
      {simple.length > 0 && (
        <Card title={t(`device.tab.${group === 'software' ? 'packages' : 'network'}`)}>
          <Pairs entries={simple} />
        </Card>
      )}
      {tables.map((fact) => (
        <Card key={fact.id} title={fact.name}>
          <ObjectTable
            label={fact.name}
            rows={fact.rows ?? []}
            {...((fact.rows?.length ?? 0) > 10 ? { find: t('device.findIn', { name: fact.name }) } : {})}
          />
        </Card>
      ))}
    </Stack>
  )
}
