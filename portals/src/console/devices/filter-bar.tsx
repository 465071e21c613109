/** The row of filters above the device list. */
import { Button, Group, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { about, type DeviceFilters, groups } from '../../api/index.ts'
import { named, t } from '../../text/index.ts'
import { Icon, useTyped } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import classes from './devices.module.css'
import { type FilterName, queryOf } from './filters.ts'

const livenesses = ['reachable', 'unreachable', 'inactive']
const compliances = ['compliant', 'violated', 'unknown', 'none']
const lifecycles = ['created', 'active', 'disenrolling', 'removed']
const ownerships = ['byod', 'cope', 'work-profile', 'dedicated']

export function FilterBar({
  filters,
  set,
  clear,
}: {
  filters: DeviceFilters
  set: (name: FilterName, value: string | null, replace?: boolean) => void
  clear: () => void
}) {
  const platforms = useQuery(about()).data?.platforms ?? []
  const mayGroups = useMay('group:read')
  const mayMakeGroups = useMay('group:write')
  const known = useQuery({ ...groups.all(), enabled: mayGroups }).data?.items ?? []
  const query = queryOf(filters)
  const [q, type, drop] = useTyped(filters.q ?? '', (value) => set('q', value, true), 250)
  // What is filtered by is seen, also before its name is known.
  const choose = (name: FilterName, label: string, data: { value: string; label: string }[], now = filters[name]) => (
    <Select
      aria-label={label}
      placeholder={label}
      data={now === undefined || data.some((one) => one.value === now) ? data : [{ value: now, label: now }, ...data]}
      value={now ?? null}
      onChange={(value) => set(name, value)}
      clearable
      clearButtonProps={{ 'aria-label': t('devices.clearOne', { name: label }) }}
      className={classes.filter ?? ''}
    />
  )
  const states = (ids: string[]) => ids.map((id) => ({ value: id, label: named('state', id) }))
  const any = Object.keys(filters).length > 0
  return (
    <Group gap="sm" mb="md" component="search" aria-label={t('devices.filters')}>
      <TextInput
        type="search"
        maxLength={200}
        value={q}
        aria-label={t('devices.find')}
        placeholder={t('devices.find')}
        leftSection={<Icon name="search" size={16} />}
        className={classes.find ?? ''}
        onChange={(e) => type(e.currentTarget.value)}
      />
      {choose(
        'platform',
        t('devices.platform'),
        platforms.map((p) => ({ value: p.id, label: p.title })),
      )}
      {choose('liveness', t('devices.liveness'), states(livenesses))}
      {choose('compliance', t('devices.compliance'), states(compliances))}
      {choose(
        'ownership',
        t('devices.ownership'),
        ownerships.map((id) => ({ value: id, label: named('ownership', id) })),
      )}
      {choose(
        'lifecycle',
        t('device.management'),
        lifecycles.map((id) => ({ value: id, label: named('lifecycle', id) })),
      )}
      {(known.length > 0 || filters.group !== undefined) &&
        choose(
          'group',
          t('devices.group'),
          known.map((group) => ({ value: group.id, label: group.name })),
        )}
      {query !== undefined && mayMakeGroups && (
        <Button
          component={Link}
          to={`/groups/new?${new URLSearchParams({ query: JSON.stringify(query) })}`}
          variant="subtle"
          leftSection={<Icon name="group" size={16} />}
        >
          {t('devices.saveAsGroup')}
        </Button>
      )}
      {any && (
        <Button
          variant="subtle"
          color="gray"
          onClick={() => {
            drop()
            clear()
          }}
          leftSection={<Icon name="close" size={14} />}
        >
          {t('devices.clear')}
        </Button>
      )}
    </Group>
  )
}
