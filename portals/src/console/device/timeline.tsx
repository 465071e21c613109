/** What was asked of the device and what became of it, newest first; changes as it happens. */
import { Anchor, Box, Collapse, Group, Timeline as Line, Paper, Stack, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useLocation } from 'react-router'
import { devices, type OperationRecord } from '../../api/index.ts'
import { actorName, named, t, tn } from '../../text/index.ts'
import {
  Ago,
  AsOf,
  Empty,
  Icon,
  type IconName,
  More,
  Pairs,
  Shown,
  StateBadge,
  stateColor,
  Value,
  type Words,
} from '../../ui/index.ts'
import { WaitsForApproval } from '../approvals/index.ts'
import { useOperationWords } from '../catalogue/index.ts'
import classes from './device.module.css'

const icons: Readonly<Record<string, IconName>> = {
  completed: 'check',
  failed: 'close',
  cancelled: 'close',
  expired: 'clock',
  superseded: 'right',
  sent: 'send',
  acknowledged: 'activity',
}

export function Timeline({ device }: { device: string }) {
  const list = useInfiniteQuery(devices.operations(device))
  const state: unknown = useLocation().state
  const fresh = typeof state === 'object' && state !== null && 'activity' in state ? String(state.activity) : undefined
  return (
    <Shown query={list}>
      {(pages) => {
        const rows = pages.pages.flatMap((page) => page.items)
        if (rows.length === 0) {
          return (
            <Paper>
              <Empty
                icon="activity"
                title={t('timeline.none')}
                action={<Link to={`/devices/${encodeURIComponent(device)}/send`}>{t('timeline.send')}</Link>}
              >
                {t('timeline.noneText')}
              </Empty>
            </Paper>
          )
        }
        return (
          <>
            <Line bulletSize={30} lineWidth={2} active={rows.length}>
              {rows.map((row) => (
                <Line.Item
                  key={row.id}
                  bullet={<Icon name={icons[row.state] ?? 'clock'} size={16} />}
                  color={stateColor(row.approval ?? row.state)}
                >
                  <Operation row={row} fresh={row.activity === fresh} />
                </Line.Item>
              ))}
            </Line>
            <More query={list} />
          </>
        )
      }}
    </Shown>
  )
}

function Operation({ row, fresh }: { row: OperationRecord; fresh: boolean }) {
  const [opened, { toggle }] = useDisclosure(fresh)
  const details = `operation-${row.id}`
  const stands = row.approval === 'waiting'
  return (
    <Paper p="md" className={classes.operation ?? ''} data-fresh={fresh || undefined}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Text fw={600}>{row.title}</Text>
          <Text size="xs" c="dimmed">
            {t('timeline.by', { actor: actorName(row.actor) })} <Ago at={row.createdAt} />
          </Text>
        </div>
        <Stack gap={2} align="flex-end">
          {stands ? (
            <StateBadge state="waiting" label={t('approval.stands')} size="lg" />
          ) : (
            <StateBadge state={row.state} size="lg" />
          )}
          <Text size="xs" c="dimmed">
            <AsOf at={row.updatedAt} />
          </Text>
        </Stack>
      </Group>
      {stands ? (
        <Box mt="xs">
          <WaitsForApproval />
        </Box>
      ) : (
        <Text size="sm" mt="xs">
          {row.reason?.text ?? named('stateMeaning', row.state)}
        </Text>
      )}
      <UnstyledButton onClick={toggle} aria-expanded={opened} aria-controls={details} className={classes.toggle ?? ''}>
        <Icon name={opened ? 'down' : 'right'} size={14} />
        {t(opened ? 'timeline.less' : 'timeline.more')}
      </UnstyledButton>
      <Collapse expanded={opened} id={details}>
        {opened && <Details row={row} />}
      </Collapse>
    </Paper>
  )
}

function Details({ row }: { row: OperationRecord }) {
  const words = useOperationWords(row.operation)
  const rows = [
    { name: t('timeline.attempts'), value: tn('timeline.attemptCount', row.attempts) },
    { name: t('timeline.created'), value: row.createdAt },
    { name: t('timeline.deadline'), value: row.deadline },
    ...(row.reason === null ? [] : [{ name: t('timeline.reasonCode'), value: row.reason.code }]),
  ]
  return (
    <Stack gap="sm" mt="sm" className={classes.details ?? ''}>
      <Pairs entries={rows} />
      {!isEmpty(row.params) && <Part title={t('timeline.params')} value={row.params} words={words.params} />}
      {!isEmpty(row.result) && <Part title={t('timeline.result')} value={row.result} words={words.result} />}
      <Anchor component={Link} to={`/activities/${encodeURIComponent(row.activity)}`} size="sm">
        {t('timeline.activity', { id: row.activity })}
      </Anchor>
    </Stack>
  )
}

function Part({ title, value, words }: { title: string; value: OperationRecord['result']; words: Words | undefined }) {
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {title}
      </Text>
      <Value value={value} words={words} />
    </div>
  )
}

function isEmpty(value: OperationRecord['result'] | undefined): boolean {
  return value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)
}
