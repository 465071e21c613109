/** What somebody should look at, over all devices: newest first, open until it is acknowledged. */
import { Button, Group, SegmentedControl, Select, Table, Text } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useSearchParams } from 'react-router'
import { type Alert, type AlertFilters, alerts } from '../../api/index.ts'
import { actorName, named, readable, t } from '../../text/index.ts'
import { Ago, Empty, formatInline, Listed, ListTable, PageHead, ProblemAlert, StateBadge } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import classes from './alerts.module.css'

const severities = ['critical', 'warning'] as const

export function AlertListPage() {
  const [params, setParams] = useSearchParams()
  const all = params.get('open') === 'false'
  const severity = severities.find((one) => one === params.get('severity'))
  const filters: AlertFilters = {
    ...(all ? {} : { open: 'true' as const }),
    ...(severity === undefined ? {} : { severity }),
  }
  const list = useInfiniteQuery(alerts.list(filters))
  const set = (name: string, value: string | null) =>
    setParams((before) => {
      const after = new URLSearchParams(before)
      if (value === null) after.delete(name)
      else after.set(name, value)
      return after
    })
  return (
    <>
      <PageHead title={t('alerts.title')} below={t('alerts.below')} />
      <Group gap="sm" mb="md" component="search" aria-label={t('devices.filters')}>
        <SegmentedControl
          aria-label={t('alerts.which')}
          value={all ? 'all' : 'open'}
          onChange={(value) => set('open', value === 'all' ? 'false' : null)}
          data={[
            { value: 'open', label: t('alerts.open') },
            { value: 'all', label: t('alerts.all') },
          ]}
        />
        <Select
          aria-label={t('history.severity')}
          placeholder={t('history.severity')}
          data={severities.map((id) => ({ value: id, label: named('severity', id) }))}
          value={severity ?? null}
          onChange={(value) => set('severity', value)}
          clearable
          clearButtonProps={{ 'aria-label': t('devices.clearOne', { name: t('history.severity') }) }}
        />
      </Group>
      <Listed
        query={list}
        empty={
          <Empty icon="check" title={t(all ? 'alerts.noneEver' : 'alerts.none')}>
            {t('alerts.noneText')}
          </Empty>
        }
      >
        {(rows) => <Rows rows={rows} />}
      </Listed>
    </>
  )
}

function Rows({ rows }: { rows: readonly Alert[] }) {
  return (
    <ListTable
      label={t('alerts.title')}
      head={[t('history.severity'), t('history.what'), t('activity.device'), t('history.at'), t('alerts.acknowledged')]}
      minWidth={760}
    >
      {rows.map((row) => (
        <Table.Tr key={row.id}>
          <Table.Td>
            <StateBadge state={row.severity} label={named('severity', row.severity)} />
          </Table.Td>
          <Table.Td className={classes.what ?? ''}>
            <Text size="sm" fw={600}>
              {named('alert', row.type)}
            </Text>
            <Text size="xs" c="dimmed">
              {summaryOf(row.data)}
            </Text>
          </Table.Td>
          <Table.Td>
            {row.device === null ? (
              t('alerts.installation')
            ) : (
              <Link to={`/devices/${encodeURIComponent(row.device.id)}`}>{row.device.name || row.device.id}</Link>
            )}
          </Table.Td>
          <Table.Td>
            <Ago at={row.at} focusable />
          </Table.Td>
          <Table.Td>
            <Acknowledged alert={row} />
          </Table.Td>
        </Table.Tr>
      ))}
    </ListTable>
  )
}

function Acknowledged({ alert }: { alert: Alert }) {
  const client = useQueryClient()
  const mayWrite = useMay('device:write')
  const acknowledge = useMutation({
    mutationFn: () => alerts.acknowledge(alert.id),
    onSettled: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  })
  if (alert.acknowledgedAt !== null)
    return (
      <Text size="sm">
        <Ago at={alert.acknowledgedAt} focusable /> · {actorName(alert.acknowledgedBy ?? '')}
      </Text>
    )
  if (!mayWrite) return t('alerts.notYet')
  return (
    <>
      <Button
        variant="default"
        size="compact-xs"
        loading={acknowledge.isPending}
        onClick={() => acknowledge.mutate()}
        aria-label={t('alerts.acknowledgeNamed', { what: named('alert', alert.type) })}
      >
        {t('alerts.acknowledge')}
      </Button>
      <ProblemAlert error={acknowledge.error} />
    </>
  )
}

/** The sentence the data says itself, else the data. */
function summaryOf(data: Alert['data']): string {
  const part = (of: unknown, name: string) =>
    typeof of === 'object' && of !== null && name in of ? (of as Record<string, unknown>)[name] : undefined
  const text = part(part(data, 'reason'), 'text') ?? part(data, 'text')
  const feature = part(data, 'feature')
  if (typeof text !== 'string') return formatInline(data)
  return typeof feature === 'string' ? t('value.named', { name: readable(feature), value: text }) : text
}
