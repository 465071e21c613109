/** One webhook: how it is doing, what it carries, and each delivery with its outcome. */
import { Alert, Stack, Table, Text } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from 'react-router'
import { checkInMs, type Webhook, type WebhookDelivery, webhooks } from '../../api/index.ts'
import { actorName, formatNumber, named, t } from '../../text/index.ts'
import {
  Ago,
  AsOf,
  Card,
  Empty,
  Icon,
  Listed,
  ListTable,
  PageHead,
  ProblemAlert,
  Shown,
  StateBadge,
} from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { WebhookActs } from './acts.tsx'
import { nameOf } from './draft.ts'
import { WebhookState } from './state.tsx'
import classes from './webhooks.module.css'

export function WebhookPage() {
  const { id = '' } = useParams()
  const query = useQuery({ ...webhooks.one(id), refetchInterval: checkInMs })
  return <Shown query={query}>{(webhook) => <Loaded webhook={webhook} />}</Shown>
}

function Loaded({ webhook }: { webhook: Webhook }) {
  const mayWrite = useMay('webhook:write')
  const cache = useQueryClient()
  const test = useMutation({
    mutationFn: () => webhooks.test(webhook.id),
    onSettled: () => cache.invalidateQueries({ queryKey: ['webhooks'] }),
  })
  return (
    <>
      <PageHead
        title={nameOf(webhook)}
        below={webhook.url}
        actions={
          mayWrite ? <WebhookActs webhook={webhook} test={() => test.mutate()} testing={test.isPending} /> : undefined
        }
      />
      <Stack gap="lg">
        <ProblemAlert error={test.error} />
        {test.data !== undefined && <Tested result={test.data} />}
        <Card title={t('webhooks.about')}>
          <dl className={classes.facts}>
            <div>
              <dt>{t('webhooks.state')}</dt>
              <dd>
                <WebhookState webhook={webhook} />
              </dd>
            </div>
            <div>
              <dt>{t('webhooks.delivered')}</dt>
              <dd>
                <AsOf at={webhook.lastDeliveredAt} words="time.seen" />
              </dd>
            </div>
            <div>
              <dt>{t('webhooks.by')}</dt>
              <dd>
                {actorName(webhook.createdBy)}, <Ago at={webhook.createdAt} focusable />
              </dd>
            </div>
            <div>
              <dt>{t('webhooks.events')}</dt>
              <dd>
                {webhook.events.length === 0
                  ? t('webhooks.allEvents')
                  : webhook.events.map((kind) => named('event', kind)).join(', ')}
              </dd>
            </div>
          </dl>
        </Card>
        <Card title={t('webhooks.deliveries')}>
          <Deliveries id={webhook.id} />
        </Card>
      </Stack>
    </>
  )
}

function Tested({ result }: { result: { ok: boolean; status: number | null; error: string | null; ms: number } }) {
  return (
    <Alert
      variant="outline"
      color={result.ok ? 'teal' : 'red'}
      icon={<Icon name={result.ok ? 'check' : 'alert'} />}
      role="status"
    >
      {result.ok
        ? t('webhooks.testGood', { status: String(result.status ?? ''), ms: result.ms })
        : t('webhooks.testBad', { why: result.error ?? String(result.status ?? '') })}
    </Alert>
  )
}

function Deliveries({ id }: { id: string }) {
  const list = useInfiniteQuery({ ...webhooks.deliveries(id), refetchInterval: checkInMs })
  return (
    <Listed
      query={list}
      bare
      empty={
        <Empty icon="send" title={t('webhooks.noDeliveries')}>
          {t('webhooks.noDeliveriesText')}
        </Empty>
      }
    >
      {(rows) => (
        <ListTable
          label={t('webhooks.deliveries')}
          head={[
            t('webhooks.at'),
            t('webhooks.event'),
            t('webhooks.outcome'),
            t('webhooks.answer'),
            t('webhooks.tries'),
            t('webhooks.took'),
          ]}
          minWidth={720}
        >
          {rows.map((row) => (
            <Delivery key={row.event} row={row} />
          ))}
        </ListTable>
      )}
    </Listed>
  )
}

function Delivery({ row }: { row: WebhookDelivery }) {
  const delivered = row.state === 'delivered'
  return (
    <Table.Tr>
      <Table.Td>
        <Ago at={row.at} focusable />
      </Table.Td>
      <Table.Td>
        {named('event', row.type)}
        <Text size="xs" c="dimmed">
          {row.event}
        </Text>
      </Table.Td>
      <Table.Td>
        <StateBadge
          state={delivered ? 'completed' : 'failed'}
          label={t(delivered ? 'webhooks.taken' : 'webhooks.failing')}
        />
      </Table.Td>
      <Table.Td>{row.error ?? row.status ?? t('value.none')}</Table.Td>
      <Table.Td>{formatNumber(row.attempts)}</Table.Td>
      <Table.Td>{t('webhooks.ms', { n: row.ms })}</Table.Td>
    </Table.Tr>
  )
}
