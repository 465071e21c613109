/** Every administrator's act, newest first, with its progress. */
import { Group, Stack, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { activities } from '../../api/index.ts'
import { actorName, t, tn } from '../../text/index.ts'
import { Ago, Empty, Listed, PageHead, StateBadge } from '../../ui/index.ts'
import classes from './activities.module.css'
import { ActivityProgress } from './progress.tsx'

export function ActivityListPage() {
  const list = useInfiniteQuery(activities.list())
  return (
    <>
      <PageHead title={t('activities.title')} below={t('activities.below')} />
      <Listed
        query={list}
        empty={
          <Empty
            icon="activity"
            title={t('activities.none')}
            action={<Link to="/devices">{t('activities.toDevices')}</Link>}
          >
            {t('activities.noneText')}
          </Empty>
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
