/** Home: what there is and what needs attention; every count leads to its list. */
import { Button, Paper, Progress, SimpleGrid, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { about, type Summary, summary } from '../../api/index.ts'
import { formatNumber, named, t } from '../../text/index.ts'
import { Card, Empty, Icon, PageHead, Shown, stateColor } from '../../ui/index.ts'
import { useMay, useSession } from '../shell/index.ts'
import classes from './home.module.css'

export function HomePage() {
  const { user } = useSession()
  const mayEnrol = useMay('invitation:write')
  const enrol = mayEnrol ? (
    <Button component={Link} to="/enrol" leftSection={<Icon name="add" size={16} />}>
      {t('devices.enrol')}
    </Button>
  ) : undefined
  const query = useQuery(summary())
  return (
    <>
      <PageHead
        title={t('home.title')}
        below={t('home.welcome', { name: user.displayName || user.name })}
        actions={enrol}
      />
      <Shown query={query}>
        {(counts) =>
          total(counts.devices.lifecycle) === 0 ? (
            <Card>
              <Empty icon="devices" title={t('devices.none')} action={enrol}>
                {t('devices.noneText')}
              </Empty>
            </Card>
          ) : (
            <Counts counts={counts} />
          )
        }
      </Shown>
    </>
  )
}

function Counts({ counts }: { counts: Summary }) {
  const platforms = useQuery(about()).data?.platforms ?? []
  const { devices, operations } = counts
  const managed = total(devices.lifecycle) - (devices.lifecycle.removed ?? 0)
  const open = (['held', 'pending', 'sent', 'acknowledged', 'deferred'] as const).reduce(
    (sum, state) => sum + (operations[state] ?? 0),
    0,
  )
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 4 }} mb="lg">
        <Tile to="/devices" label={t('home.devices')} n={managed} />
        <Tile
          to="/devices?liveness=unreachable"
          label={t('home.unreachable')}
          n={devices.liveness.unreachable ?? 0}
          state="unreachable"
        />
        <Tile
          to="/devices?compliance=violated"
          label={t('home.violated')}
          n={devices.compliance.violated ?? 0}
          state="violated"
        />
        <Tile to="/activities" label={t('home.open')} n={open} state="sent" />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Split
          title={t('devices.liveness')}
          filter="liveness"
          counts={devices.liveness}
          words={(id) => named('state', id)}
        />
        <Split
          title={t('devices.compliance')}
          filter="compliance"
          counts={devices.compliance}
          words={(id) => named('state', id === 'none' ? 'noPolicy' : id)}
        />
        <Split
          title={t('devices.platform')}
          filter="platform"
          counts={devices.platform}
          words={(id) => platforms.find((p) => p.id === id)?.title ?? id}
        />
        <Split
          title={t('devices.ownership')}
          filter="ownership"
          counts={devices.ownership}
          words={(id) => named('ownership', id)}
        />
      </SimpleGrid>
    </>
  )
}

function Tile({ to, label, n, state }: { to: string; label: string; n: number; state?: string }) {
  return (
    <Paper component={Link} to={to} p="md" className={classes.tile ?? ''}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={30} fw={700} lh={1.2} {...(state !== undefined && n > 0 ? { 'data-color': stateColor(state) } : {})}>
        {formatNumber(n)}
      </Text>
    </Paper>
  )
}

/** One bar a value, each with its share and a link to exactly those devices. */
function Split({
  title,
  filter,
  counts,
  words,
}: {
  title: string
  filter: string
  counts: Record<string, number>
  words: (id: string) => string
}) {
  const rows = Object.entries(counts)
    .filter(([, n]) => n > 0)
    .sort(([, a], [, b]) => b - a)
  const all = total(counts)
  return (
    <Card title={title}>
      {rows.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('home.nothing')}
        </Text>
      )}
      <ul className={classes.split}>
        {rows.map(([id, n]) => (
          <li key={id}>
            <Link to={`/devices?${new URLSearchParams({ [filter]: id })}`} className={classes.row ?? ''}>
              <Text size="sm">{words(id)}</Text>
              <Text size="sm" fw={600}>
                {formatNumber(n)}
              </Text>
              <Progress
                value={(100 * n) / Math.max(1, all)}
                color={filter === 'platform' || filter === 'ownership' ? 'muster' : stateColor(id)}
                size={6}
                className={classes.bar ?? ''}
                aria-hidden="true"
              />
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0)
}
