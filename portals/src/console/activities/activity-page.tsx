/** One activity: what was asked of whom, how it stands on each device, and taking it back. */
import { Alert, Button, Select, Stack, Table } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { type Activity, activities } from '../../api/index.ts'
import { actorName, named, t, tn } from '../../text/index.ts'
import { Ago, Ask, AsOf, Card, formatInline, Icon, More, PageHead, Pairs, Shown, StateCell } from '../../ui/index.ts'
import { WaitsForApproval } from '../approvals/index.ts'
import { LeftOut } from '../send/index.ts'
import { useMay } from '../shell/index.ts'
import { ActivityProgress } from './progress.tsx'
import { Retry } from './retry.tsx'

const open = ['held', 'pending', 'sent', 'acknowledged', 'deferred'] as const
const states = [...open, 'completed', 'failed', 'cancelled', 'expired', 'superseded'] as const

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
    { name: t('activity.approval'), value: activity.approval && named('approval', activity.approval) },
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
          <>
            <Retry activity={activity} />
            {waiting > 0 && activity.cancelledAt === null && <Cancel activity={activity} waiting={waiting} />}
          </>
        }
      />
      <Stack gap="lg">
        {activity.approval === 'waiting' && (
          <Alert
            variant="outline"
            color="orange"
            icon={<Icon name="alert" />}
            title={t('approval.stands')}
            role="status"
          >
            <WaitsForApproval />
          </Alert>
        )}
        <Card title={t('activity.standing')}>
          <ActivityProgress activity={activity} words />
        </Card>
        <LeftOut refused={activity.refused} />
        <Devices activity={activity} />
        <Card title={t('activity.asked')}>
          <Pairs entries={facts} />
        </Card>
      </Stack>
    </>
  )
}

function Devices({ activity }: { activity: Activity }) {
  const [state, setState] = useState<string | null>(null)
  const list = useInfiniteQuery(
    activities.devices(
      activity.id,
      states.find((one) => one === state),
    ),
  )
  const choice = (
    <Select
      size="xs"
      aria-label={t('activity.state')}
      placeholder={t('activity.anyState')}
      data={Object.entries(activity.counts)
        .filter(([, n]) => n > 0)
        .map(([id, n]) => ({ value: id, label: t('activity.part', { state: named('state', id), n }) }))}
      value={state}
      onChange={setState}
      clearable
      clearButtonProps={{ 'aria-label': t('devices.clearOne', { name: t('activity.state') }) }}
    />
  )
  return (
    <Card title={t('devices.title')} actions={choice}>
      <Shown query={list}>
        {(pages) => (
          <Table.ScrollContainer
            type="native"
            minWidth={560}
            tabIndex={0}
            role="region"
            aria-label={t('devices.title')}
          >
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
                        <StateCell
                          {...(row.approval === 'waiting'
                            ? { state: 'waiting', label: t('approval.stands') }
                            : { state: row.state })}
                          below={<AsOf at={row.updatedAt} />}
                        />
                      </Table.Td>
                      <Table.Td>
                        {row.reason?.text ??
                          (row.approval === 'waiting' ? t('approval.standsText') : named('stateMeaning', row.state))}
                      </Table.Td>
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
      <Ask
        opened={opened}
        onClose={ask.close}
        title={t('activity.cancelTitle')}
        confirm={t('activity.cancel')}
        busy={cancel.isPending}
        error={cancel.error}
        onConfirm={() => cancel.mutate()}
      >
        {tn('activity.cancelText', waiting)}
      </Ask>
    </>
  )
}
