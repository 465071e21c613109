/** Every administrator's act, newest first, with its progress. */
import { Group, Select, Stack, Text } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'react-router'
import { type ActivityFilters, activities, catalog, users } from '../../api/index.ts'
import { actorName, language, t, tn } from '../../text/index.ts'
import { Ago, Empty, Listed, PageHead, StateBadge } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import classes from './activities.module.css'
import { ActivityProgress } from './progress.tsx'

const names = ['operation', 'actor'] as const

export function ActivityListPage() {
  const [params, setParams] = useSearchParams()
  const filters: ActivityFilters = Object.fromEntries(
    names.flatMap((name) => (params.get(name) ? [[name, params.get(name)]] : [])),
  )
  const list = useInfiniteQuery(activities.list(filters))
  const filtered = Object.keys(filters).length > 0
  const set = (name: (typeof names)[number], value: string | null) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before)
        if (value === null) after.delete(name)
        else after.set(name, value)
        return after
      },
      { replace: true },
    )
  return (
    <>
      <PageHead title={t('activities.title')} below={t('activities.below')} />
      <Filters filters={filters} set={set} />
      <Listed
        query={list}
        empty={
          filtered ? (
            <Empty icon="activity" title={t('activities.noMatch')} />
          ) : (
            <Empty
              icon="activity"
              title={t('activities.none')}
              action={<Link to="/devices">{t('activities.toDevices')}</Link>}
            >
              {t('activities.noneText')}
            </Empty>
          )
        }
      >
        {(rows) => (
          <ul className={classes.list}>
            {rows.map((row) => (
              <li key={row.id}>
                <Link to={`/activities/${encodeURIComponent(row.id)}`} className={classes.row ?? ''}>
                  <Stack gap={8}>
                    <Group justify="space-between">
                      <Text fw={600}>{row.title}</Text>
                      <Group gap="sm">
                        {row.approval === 'waiting' && <StateBadge state="waiting" label={t('approval.stands')} />}
                        {row.cancelledAt !== null && <StateBadge state="cancelled" />}
                        <Text size="sm">{tn('devices.count', row.targets)}</Text>
                      </Group>
                    </Group>
                    <ActivityProgress activity={row} words />
                    <Text size="xs" c="dimmed">
                      {t('timeline.by', { actor: actorName(row.actor) })} <Ago at={row.createdAt} />
                    </Text>
                  </Stack>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Listed>
    </>
  )
}

/** Which operation, and whose: "who wiped what". What one may not list cannot be chosen from. */
function Filters({
  filters,
  set,
}: {
  filters: ActivityFilters
  set: (name: (typeof names)[number], value: string | null) => void
}) {
  const [mayCatalog, mayUsers] = [useMay('platform:read'), useMay('user:read')]
  const operations = useQuery({ ...catalog(), enabled: mayCatalog }).data?.operations ?? []
  const people = useQuery({ ...users.all(), enabled: mayUsers }).data?.items ?? []
  const titles = Map.groupBy(operations, (one) => one.title)
  const byTitle = operations
    .map(({ id, title }) => ({ value: id, label: (titles.get(title)?.length ?? 0) > 1 ? `${title} (${id})` : title }))
    .sort((a, b) => a.label.localeCompare(b.label, language))
  const byName = people.map(({ name, displayName }) => ({
    value: `user:${name}`,
    label: displayName ? t('enrol.userLabel', { name, display: displayName }) : name,
  }))
  return (
    <Group gap="sm" mb="md" component="search" aria-label={t('devices.filters')}>
      {mayCatalog && (
        <Filter name="operation" label={t('activities.operation')} data={byTitle} filters={filters} set={set} />
      )}
      {mayUsers && <Filter name="actor" label={t('activities.actor')} data={byName} filters={filters} set={set} />}
    </Group>
  )
}

function Filter({
  name,
  label,
  data,
  filters,
  set,
}: Parameters<typeof Filters>[0] & {
  name: (typeof names)[number]
  label: string
  data: { value: string; label: string }[]
}) {
  const value = filters[name] ?? null
  // Who came by a link is told what is filtered by, also where it is not in the list: an API client, a platform that is gone.
  const known = value === null || data.some((one) => one.value === value) ? data : [{ value, label: value }, ...data]
  return (
    <Select
      aria-label={label}
      placeholder={label}
      data={known}
      value={value}
      onChange={(next) => set(name, next)}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': t('devices.clearOne', { name: label }) }}
      nothingFoundMessage={t('activities.noMatch')}
      w={{ base: '100%', sm: 280 }}
    />
  )
}
