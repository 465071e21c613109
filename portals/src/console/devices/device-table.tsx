/** Devices as rows; on a small screen each row becomes a card. */
import { Badge, Checkbox, Group, Paper, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from 'react-router'
import { about, type DeviceSummary } from '../../api/index.ts'
import { named, t } from '../../text/index.ts'
import { AsOf, formFactorIcon, Icon, StateBadge, StateCell } from '../../ui/index.ts'
import classes from './devices.module.css'
import type { Selection } from './selection.ts'

interface DeviceTableProps {
  rows: readonly DeviceSummary[]
  busy: boolean
  /** Without it, rows cannot be chosen. */
  selection?: Selection
}

export function DeviceTable({ rows, busy, selection }: DeviceTableProps) {
  const chosen = selection === undefined ? 0 : rows.filter((row) => selection.all || selection.ids.has(row.id)).length
  const every = rows.length > 0 && chosen === rows.length
  return (
    <Paper className={classes.tablePaper ?? ''} data-busy={busy || undefined}>
      <Table className={classes.table ?? ''} aria-label={t('devices.title')}>
        <Table.Thead>
          <Table.Tr>
            {selection !== undefined && (
              <Table.Th className={classes.check ?? ''}>
                <Checkbox
                  aria-label={t('bulk.everyRow')}
                  checked={every}
                  // Rows of the filters before are no choice under the new ones.
                  disabled={busy}
                  indeterminate={chosen > 0 && !every}
                  onChange={() => (every ? selection.clear() : selection.choose(rows.map((row) => row.id)))}
                />
              </Table.Th>
            )}
            <Table.Th>{t('devices.name')}</Table.Th>
            <Table.Th>{t('devices.platform')}</Table.Th>
            <Table.Th>{t('devices.owner')}</Table.Th>
            <Table.Th>{t('devices.os')}</Table.Th>
            <Table.Th>{t('devices.compliance')}</Table.Th>
            <Table.Th>{t('devices.liveness')}</Table.Th>
            <Table.Th className={classes.number ?? ''}>{t('devices.open')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((device) => (
            <Row key={device.id} device={device} busy={busy} selection={selection} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  )
}

function Row({ device, busy, selection }: { device: DeviceSummary; busy: boolean; selection: Selection | undefined }) {
  const navigate = useNavigate()
  const platforms = useQuery(about()).data?.platforms ?? []
  const to = `/devices/${encodeURIComponent(device.id)}`
  const product = [device.manufacturer, device.model].filter(Boolean).join(' ') || device.serial
  return (
    <Table.Tr
      className={classes.row ?? ''}
      data-chosen={(selection !== undefined && (selection.all || selection.ids.has(device.id))) || undefined}
      onClick={(e) =>
        e.target instanceof Element && e.target.closest('a, label, input, [data-check]') !== null
          ? undefined
          : void navigate(to)
      }
    >
      {selection !== undefined && (
        <Table.Td className={classes.check ?? ''} data-check>
          <Checkbox
            aria-label={t('bulk.row', { name: device.name || device.serial || device.id })}
            checked={selection.all || selection.ids.has(device.id)}
            disabled={busy}
            onChange={() => selection.toggle(device.id)}
          />
        </Table.Td>
      )}
      <Table.Td className={classes.nameCell ?? ''}>
        <div className={classes.name}>
          <Icon name={formFactorIcon(device.formFactor)} size={20} />
          <div className={classes.nameWords}>
            <Link to={to} className={classes.nameLink ?? ''}>
              {device.name || device.serial || device.id}
            </Link>
            {product !== null && product !== '' && (
              <Text size="xs" c="dimmed">
                {product}
              </Text>
            )}
            <Marks device={device} />
          </div>
        </div>
      </Table.Td>
      <Table.Td data-label={t('devices.platform')}>
        <div>
          <Text size="sm">{platforms.find((p) => p.id === device.platform)?.title ?? device.platform}</Text>
          <Text size="xs" c="dimmed">
            {named('ownershipShort', device.ownership, named('ownership', device.ownership))}
          </Text>
        </div>
      </Table.Td>
      <Table.Td data-label={t('devices.owner')}>
        {device.owner === null ? (
          <Text size="sm" c="dimmed">
            {t('devices.noOwner')}
          </Text>
        ) : (
          <Text size="sm">{device.owner.name}</Text>
        )}
      </Table.Td>
      <Table.Td data-label={t('devices.os')} className={classes.osCell ?? ''}>
        <Text size="sm">{[device.osName, device.osVersion].filter(Boolean).join(' ') || t('value.none')}</Text>
      </Table.Td>
      <Table.Td data-label={t('devices.compliance')}>
        <StateBadge
          state={device.compliance}
          label={named('state', device.compliance === 'none' ? 'noPolicy' : device.compliance)}
        />
      </Table.Td>
      <Table.Td data-label={t('devices.liveness')}>
        <StateCell state={device.liveness} below={<AsOf at={device.lastSeen} />} />
      </Table.Td>
      <Table.Td data-label={t('devices.open')} className={classes.number ?? ''}>
        {device.open > 0 ? (
          <Link to={`${to}/operations`}>{device.open}</Link>
        ) : (
          <Text span size="sm" c="dimmed">
            0
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  )
}

function Marks({ device }: { device: DeviceSummary }) {
  if (!device.blocked && device.lifecycle === 'active' && device.rooted !== true) return null
  return (
    <Group gap={6} mt={4}>
      {device.blocked && <Badge color="red">{named('state', 'blocked')}</Badge>}
      {device.lifecycle !== 'active' && (
        <StateBadge state={device.lifecycle} label={named('lifecycle', device.lifecycle)} />
      )}
      {device.rooted === true && <Badge color="red">{t('devices.rooted')}</Badge>}
    </Group>
  )
}
