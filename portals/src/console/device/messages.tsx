/** The messages exchanged with the device as they went over the wire; contents open on demand, and each look is audited. */
import { Button, Code, Group, Paper, Stack, Table, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { devices, type Message } from '../../api/index.ts'
import { named, t } from '../../text/index.ts'
import { Ago, Card, Empty, formatBytes, ListTable, More, Shown, StateBadge } from '../../ui/index.ts'
import classes from './device.module.css'

export function Messages({ device }: { device: string }) {
  const [opened, setOpened] = useState(false)
  const list = useInfiniteQuery(devices.messages(device, opened))
  return (
    <Card
      title={t('device.tab.messages')}
      actions={
        <Button variant="default" size="xs" onClick={() => setOpened(!opened)}>
          {t(opened ? 'messages.hide' : 'messages.show')}
        </Button>
      }
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t(opened ? 'messages.shownText' : 'messages.text')}
        </Text>
        <Shown query={list}>
          {(pages) => {
            const rows = pages.pages.flatMap((page) => page.items)
            if (rows.length === 0)
              return (
                <Paper withBorder={false}>
                  <Empty icon="text" title={t('messages.none')}>
                    {t('messages.noneText')}
                  </Empty>
                </Paper>
              )
            return opened ? <Contents rows={rows} /> : <Rows rows={rows} />
          }}
        </Shown>
        <More query={list} />
      </Stack>
    </Card>
  )
}

function Rows({ rows }: { rows: readonly Message[] }) {
  return (
    <ListTable
      label={t('device.tab.messages')}
      head={[
        t('history.at'),
        t('messages.direction'),
        t('messages.channel'),
        t('messages.outcome'),
        t('messages.size'),
      ]}
    >
      {rows.map((row) => (
        <Table.Tr key={row.id}>
          <Table.Td>
            <Ago at={row.at} focusable />
          </Table.Td>
          <Table.Td>{t(row.direction === 'in' ? 'messages.in' : 'messages.out')}</Table.Td>
          <Table.Td>{row.channel}</Table.Td>
          <Table.Td>
            <Outcome outcome={row.outcome} />
          </Table.Td>
          <Table.Td>{formatBytes(row.size)}</Table.Td>
        </Table.Tr>
      ))}
    </ListTable>
  )
}

function Outcome({ outcome }: { outcome: string }) {
  const word = outcome === '' ? 'ok' : outcome
  return <StateBadge state={word === 'ok' ? 'completed' : 'warning'} label={named('outcome', word)} />
}

function Contents({ rows }: { rows: readonly Message[] }) {
  return (
    <Stack gap="md">
      {rows.map((row) => (
        <div key={row.id}>
          <Group gap="sm" mb={4}>
            <Text size="sm" fw={600}>
              {t(row.direction === 'in' ? 'messages.in' : 'messages.out')}
            </Text>
            <Outcome outcome={row.outcome} />
            <Text size="xs" c="dimmed">
              <Ago at={row.at} focusable /> · {row.channel} · {formatBytes(row.size)}
            </Text>
          </Group>
          <Code block className={classes.raw ?? ''} tabIndex={0}>
            {row.content ?? t('value.none')}
          </Code>
        </div>
      ))}
    </Stack>
  )
}
