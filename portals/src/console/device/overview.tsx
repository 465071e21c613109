/** Everything the device said of itself, in groups, with the moment it said it. */
import { SimpleGrid, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { about, catalog, type Device, type Fact } from '../../api/index.ts'
import { named, readable, t } from '../../text/index.ts'
import { AsOf, Card, exactTime, holdsObjects, Pairs, Value } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import classes from './device.module.css'
import { hasOwnTab } from './fact-rows.ts'

interface FactRow {
  id: string
  name: string
  value: unknown
  unit?: string
}
/** Letters of an object that stands open. */
const longest = 300
/** These come first, in this order; what other groups there are follows. */
const order = ['device', 'os', 'hardware', 'security', 'power', 'network', 'agent']

export function Overview({ device }: { device: Device }) {
  const mayCatalog = useMay('platform:read')
  const known =
    useQuery({ ...catalog(), enabled: mayCatalog }).data?.platforms.find((p) => p.id === device.platform)?.facts ?? []
  const groups = factGroups(device.facts, known)
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      <Stack gap="lg">
        <Identity device={device} />
        {groups
          .filter((_, i) => i % 2 === 1)
          .map((group) => (
            <Group key={group.id} {...group} at={device.factsAt} />
          ))}
      </Stack>
      <Stack gap="lg">
        {groups
          .filter((_, i) => i % 2 === 0)
          .map((group) => (
            <Group key={group.id} {...group} at={device.factsAt} />
          ))}
        {groups.length === 0 && (
          <Card title={t('device.facts')}>
            <Text size="sm" c="dimmed">
              {t('device.noFacts')}
            </Text>
          </Card>
        )}
      </Stack>
    </SimpleGrid>
  )
}

function Identity({ device }: { device: Device }) {
  const platform = useQuery(about()).data?.platforms.find((p) => p.id === device.platform)?.title ?? device.platform
  const rows = [
    { name: t('device.platform'), value: platform },
    { name: t('device.formFactor'), value: named('formFactor', device.formFactor) },
    { name: t('devices.ownership'), value: named('ownership', device.ownership) },
    { name: t('devices.owner'), value: device.owner?.name ?? null },
    { name: t('device.groups'), value: device.groups.map((group) => group.name) },
    { name: t('device.enrolledAt'), value: device.enrolledAt },
    { name: t('device.epoch'), value: device.enrolment?.epoch ?? null },
    { name: t('device.licence'), value: device.enrolment?.licence ?? null },
    { name: t('device.channels'), value: device.channels.map((channel) => channel.name) },
    { name: t('device.agentVersion'), value: device.agentVersion },
    ...device.identifiers.map((one) => ({
      name: named('identifier', one.kind),
      value: one.value,
      hint: exactTime(one.since),
    })),
    { name: t('device.id'), value: device.id },
  ]
  return (
    <Card title={t('device.enrolment')}>
      <Pairs entries={rows} />
    </Card>
  )
}

function Group({ id, rows, at }: { id: string; rows: FactRow[]; at: string | null }) {
  const simple = rows.filter((row) => !holdsObjects(row.value))
  return (
    <Card
      title={named('factGroup', id)}
      actions={
        <Text size="xs" c="dimmed">
          <AsOf at={at} />
        </Text>
      }
    >
      <Stack gap="md">
        {simple.length > 0 && <Pairs entries={simple} />}
        {rows
          .filter((row) => holdsObjects(row.value))
          .map((row) => (
            // What policies found is shown with them too; that and whatever else is long opens on demand.
            <details key={row.id} open={id !== 'managed' && JSON.stringify(row.value).length < longest}>
              <summary className={classes.summary}>{row.name}</summary>
              <Value value={row.value} />
            </details>
          ))}
      </Stack>
    </Card>
  )
}

/** Facts by the first word of their dotted name; names and units from the platform's descriptors. */
function factGroups(
  facts: Readonly<Record<string, unknown>>,
  known: readonly Fact[],
): { id: string; rows: FactRow[] }[] {
  const groups = new Map<string, FactRow[]>()
  // As the platform describes them; what nobody describes comes last.
  const described = new Map(known.map((fact, at) => [fact.id, at]))
  const at = (id: string) => described.get(id) ?? known.length
  for (const [id, value] of Object.entries(facts).sort(([a], [b]) => at(a) - at(b))) {
    // Shown with the enrolment already, each with its own name, or in a tab of its own.
    if (id === 'device.identifiers' || hasOwnTab(id, value)) continue
    const descriptor = known.find((fact) => fact.id === id)
    const dot = id.indexOf('.')
    const group = dot > 0 ? id.slice(0, dot) : 'other'
    const row = {
      id,
      name: descriptor?.title ?? readable(id.slice(dot + 1)),
      value,
      ...(descriptor?.unit === undefined ? {} : { unit: descriptor.unit }),
    }
    groups.set(group, [...(groups.get(group) ?? []), row])
  }
  const place = (id: string) => (order.includes(id) ? order.indexOf(id) : order.length)
  return [...groups]
    .map(([id, rows]) => ({ id, rows }))
    .sort((a, b) => place(a.id) - place(b.id) || a.id.localeCompare(b.id))
}
