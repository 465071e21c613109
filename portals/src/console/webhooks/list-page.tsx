/** Webhooks: programs elsewhere that hear of what happens here. */
import { Anchor, Button, Paper, Table, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { checkInMs, type Webhook, type WebhookDraft, webhooks } from '../../api/index.ts'
import { FormDialog } from '../../schema-form/index.ts'
import { t, tn } from '../../text/index.ts'
import { AsOf, Empty, Icon, ListTable, PageHead, SecretDialog, Shown } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { draftSchema, nameOf } from './draft.ts'
import { secretLines } from './secret.ts'
import { WebhookState } from './state.tsx'

export function WebhookListPage() {
  // Deliveries are no events of their own.
  const list = useQuery({ ...webhooks.list(), refetchInterval: checkInMs })
  const mayWrite = useMay('webhook:write')
  const [creating, setCreating] = useState(false)
  const [secret, setSecret] = useState<string>()
  const [schema] = useState(draftSchema)
  const cache = useQueryClient()
  const create = mayWrite ? (
    <Button onClick={() => setCreating(true)} leftSection={<Icon name="add" size={16} />}>
      {t('webhooks.new')}
    </Button>
  ) : undefined
  return (
    <>
      <PageHead title={t('webhooks.title')} below={t('webhooks.below')} actions={create} />
      <Shown query={list}>
        {({ items }) => (
          <Paper>
            {items.length === 0 ? (
              <Empty icon="webhook" title={t('webhooks.none')}>
                {t('webhooks.noneText')}
              </Empty>
            ) : (
              <Rows rows={items} />
            )}
          </Paper>
        )}
      </Shown>
      <FormDialog
        opened={creating}
        onClose={() => setCreating(false)}
        title={t('webhooks.new')}
        schema={schema}
        submit={t('webhooks.create')}
        send={(draft: WebhookDraft) => webhooks.create(draft)}
        onDone={(made) => {
          setSecret(made.secret)
          return cache.invalidateQueries({ queryKey: ['webhooks'] })
        }}
      />
      <SecretDialog
        title={t('webhooks.secretTitle')}
        text={t('webhooks.secretText')}
        lines={secretLines(secret)}
        onClose={() => setSecret(undefined)}
      />
    </>
  )
}

function Rows({ rows }: { rows: readonly Webhook[] }) {
  return (
    <ListTable
      label={t('webhooks.title')}
      head={[t('webhooks.about'), t('webhooks.events'), t('webhooks.state'), t('webhooks.delivered')]}
      minWidth={720}
    >
      {rows.map((row) => (
        <Table.Tr key={row.id}>
          <Table.Td>
            <Anchor component={Link} to={`/webhooks/${encodeURIComponent(row.id)}`} fw={600} size="sm">
              {nameOf(row)}
            </Anchor>
            <Text size="xs" c="dimmed">
              {row.url}
            </Text>
          </Table.Td>
          <Table.Td>
            {row.events.length === 0 ? t('webhooks.allEvents') : tn('webhooks.eventCount', row.events.length)}
          </Table.Td>
          <Table.Td>
            <WebhookState webhook={row} />
          </Table.Td>
          <Table.Td>
            <AsOf at={row.lastDeliveredAt} words="time.seen" />
          </Table.Td>
        </Table.Tr>
      ))}
    </ListTable>
  )
}
