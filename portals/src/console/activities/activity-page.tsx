/** One activity: what was asked of whom, how it stands on each device, and taking it back. */
import { Alert, Button, Group, Modal, Stack, Table, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from 'react-router'
import { type Activity, activities } from '../../api/index.ts'
import { actorName, named, t, tn } from '../../text/index.ts'
import {
  Ago,
  AsOf,
  Card,
  formatInline,
  Icon,
  More,
  PageHead,
  Pairs,
  ProblemAlert,
  Shown,
  StateCell,
} from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { ActivityProgress } from './progress.tsx'

const open = ['held', 'pending', 'sent', 'acknowledged', 'deferred']

export function ActivityPage() {
  const { id = '' } = useParams()
  const activity = useQuery(activities.one(id))
  return <Shown query={activity}>{(found) => <Found key={found.id} activity={found} />}</Shown>
}

function Found({ activity }: { activity: Activity }) {
  const waiting = open.reduce((sum, state) => sum + (activity.counts[state] ?? 0), 0)
  const facts = [
    { name: t('timeline.created'), value: activity.createdAt },
    { name: t('timeline.deadline'), value: activity.deadline },
    { name: t('activity.cancelledAt'), value: activity.cancelledAt },
    { name: t('activity.target'), value: activity.target },
    { name: t('timeline.params'), value: activity.params },
  ].filter((row) => row.value !== null)
  return (
    <>
      <PageHead
        title={activity.title}
        below={
          <>
            {t('timeline.by', { actor: actorName(activity.actor) })} <Ago at={activity.createdAt} />
          </>
        }
        actions={
          waiting > 0 && activity.cancelledAt === null ? <Cancel activity={activity} waiting={waiting} /> : undefined
        }
      />
      <Stack gap="lg">
        <Card title={t('activity.standing')}>
          <ActivityProgress activity={activity} words />
        </Card>
        {activity.refused.length > 0 && (
          <Alert
            color="orange"
            variant="outline"
            icon={<Icon name="alert" />}
            title={tn('activity.refused', activity.refused.length)}
          >
            {activity.refused.map((one) => (
              <Text key={one.device} size="sm">
                <Link to={`/devices/${encodeURIComponent(one.device)}`}>{one.device}</Link>: {one.text}
              </Text>
            ))}
          </Alert>
        )}
        <Devices activity={activity.id} />
        <Card title={t('activity.asked')}>
          <Pairs entries={facts} />
        </Card>
      </Stack>
    </>
  )
}

function Devices({ activity }: { activity: string }) {
  const list = useInfiniteQuery(activities.devices(activity))
  return (
    <Card title={t('devices.title')}>
      <Shown query={list}>
        {(pages) => (
          <Table.ScrollContainer minWidth={560} tabIndex={0} role="region" aria-label={t('devices.title')}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('activity.device')}</Table.Th>
                  <Table.Th>{t('activity.state')}</Table.Th>
                  <Table.Th>{t('activity.why')}</Table.Th>
                  <Table.Th>{t('timeline.result')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {pages.pages
                  .flatMap((page) => page.items)
                  .map((row) => (
                    <Table.Tr key={row.id}>
                      <Table.Td>
                        <Link to={`/devices/${encodeURIComponent(row.device)}/operations`}>
                          {row.deviceName || row.device}
                        </Link>
                      </Table.Td>
                      <Table.Td>
                        <StateCell state={row.state} below={<AsOf at={row.updatedAt} />} />
                      </Table.Td>
                      <Table.Td>{row.reason?.text ?? named('stateMeaning', row.state)}</Table.Td>
                      <Table.Td>{formatInline(row.result)}</Table.Td>
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Shown>
      <More query={list} />
    </Card>
  )
}

function Cancel({ activity, waiting }: { activity: Activity; waiting: number }) {
  const [opened, ask] = useDisclosure(false)
  const client = useQueryClient()
  const allowed = useMay(`operation:${activity.operation}`)
  const cancel = useMutation({
    mutationFn: () => activities.cancel(activity.id),
    onSuccess: ask.close,
    onSettled: () => client.invalidateQueries({ queryKey: ['activity', activity.id] }),
  })
  if (!allowed) return null
  return (
    <>
      <Button variant="default" onClick={ask.open}>
        {t('activity.cancel')}
      </Button>
      <Modal
        opened={opened}
        onClose={ask.close}
        title={t('activity.cancelTitle')}
        closeButtonProps={{ 'aria-label': t('confirm.cancel') }}
      >
        <Stack gap="md">
          <Text size="sm">{tn('activity.cancelText', waiting)}</Text>
          <ProblemAlert error={cancel.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={ask.close}>
              {t('activity.keep')}
            </Button>
            <Button loading={cancel.isPending} onClick={() => cancel.mutate()} data-autofocus>
              {t('activity.cancel')}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
