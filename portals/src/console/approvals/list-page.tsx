/** What would destroy more than one person may alone: who asked, for what, on which devices; and the second person's word on it. */
import { Alert, Button, Group, SegmentedControl, Stack, Table, Text, Textarea } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { type Approval, approvals } from '../../api/index.ts'
import { actorName, named, t, tn } from '../../text/index.ts'
import { Ago, Ask, Empty, Icon, Listed, ListTable, PageHead, StateBadge } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'

export function ApprovalListPage() {
  const [params, setParams] = useSearchParams()
  const all = params.get('which') === 'all'
  const list = useInfiniteQuery(approvals.list(all ? {} : { state: 'waiting' }))
  const [asked, setAsked] = useState<{ of: Approval; approve: boolean }>()
  return (
    <>
      <PageHead title={t('approvals.title')} below={t('approvals.below')} />
      {list.data?.pages[0]?.inForce === false && <NotInForce />}
      <Group mb="md">
        <SegmentedControl
          aria-label={t('approvals.which')}
          value={all ? 'all' : 'waiting'}
          onChange={(value) => setParams(value === 'all' ? { which: 'all' } : {})}
          data={[
            { value: 'waiting', label: t('approvals.waiting') },
            { value: 'all', label: t('approvals.all') },
          ]}
        />
      </Group>
      <Listed
        query={list}
        empty={
          <Empty icon="check" title={t(all ? 'approvals.noneEver' : 'approvals.none')}>
            {t('approvals.noneText')}
          </Empty>
        }
      >
        {(rows) => (
          <ListTable
            label={t('approvals.title')}
            head={[
              t('approvals.what'),
              t('approvals.who'),
              t('approvals.devices'),
              t('approvals.expires'),
              t('approvals.decision'),
            ]}
            minWidth={820}
          >
            {rows.map((row) => (
              <Row key={row.activity} row={row} ask={(approve) => setAsked({ of: row, approve })} />
            ))}
          </ListTable>
        )}
      </Listed>
      {asked !== undefined && <Decide {...asked} onClose={() => setAsked(undefined)} />}
    </>
  )
}

/** With one person alone nobody could let go what waits, so nothing does. */
function NotInForce() {
  const mayMake = useMay('user:write')
  return (
    <Alert variant="outline" color="orange" icon={<Icon name="alert" />} role="status" mb="md">
      <Text size="sm">
        {t('approvals.notInForce')} {mayMake && <Link to="/users">{t('approvals.toUsers')}</Link>}
      </Text>
    </Alert>
  )
}

function Row({ row, ask }: { row: Approval; ask: (approve: boolean) => void }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Link to={`/activities/${encodeURIComponent(row.activity)}`}>{row.title}</Link>
        <Text size="xs" c="dimmed">
          {t(row.kind === 'removal' ? 'approvals.removal' : 'approvals.wipe')}
        </Text>
      </Table.Td>
      <Table.Td>
        {actorName(row.actor)}
        <Text size="xs" c="dimmed">
          <Ago at={row.askedAt} focusable />
        </Text>
      </Table.Td>
      <Table.Td>
        {tn('devices.count', row.devices)}
        <Devices row={row} />
      </Table.Td>
      <Table.Td>
        <Ago at={row.expiresAt} focusable />
      </Table.Td>
      <Table.Td>
        <Decision row={row} ask={ask} />
      </Table.Td>
    </Table.Tr>
  )
}

/** Who decides sees what is lost: the first names, with whose they are. */
function Devices({ row, most = 3 }: { row: Approval; most?: number }) {
  const names = row.sample
    .slice(0, most)
    .map((d) => (d.owner === null ? d.name || d.id : t('approvals.owned', { name: d.name || d.id, owner: d.owner })))
  const rest = row.devices - names.length
  return (
    <Text size="xs" c="dimmed">
      {[...names, ...(rest > 0 ? [t('approvals.more', { n: rest })] : [])].join(', ')}
    </Text>
  )
}

function Decision({ row, ask }: { row: Approval; ask: (approve: boolean) => void }) {
  const mayDecide = useMay('approval:write')
  if (row.state === 'waiting' && mayDecide)
    return (
      <Group gap="xs" wrap="nowrap">
        <Button
          size="compact-sm"
          color="red.9"
          onClick={() => ask(true)}
          aria-label={t('approvals.approveNamed', { what: row.title, who: actorName(row.actor) })}
        >
          {t('approvals.approve')}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => ask(false)}
          aria-label={t('approvals.declineNamed', { what: row.title, who: actorName(row.actor) })}
        >
          {t('approvals.decline')}
        </Button>
      </Group>
    )
  return (
    <Stack gap={2} align="flex-start">
      <StateBadge state={row.state} label={named('approval', row.state)} />
      {row.decidedAt !== null && (
        <Text size="xs" c="dimmed">
          {actorName(row.decidedBy ?? '')} · <Ago at={row.decidedAt} focusable />
          {row.note !== '' && ` · ${row.note}`}
        </Text>
      )}
    </Stack>
  )
}

function Decide({ of, approve, onClose }: { of: Approval; approve: boolean; onClose: () => void }) {
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const decide = useMutation({
    mutationFn: () => approvals.decide(of.activity, { approve, note: note.trim() }),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: ['approvals'] }),
  })
  return (
    <Ask
      opened
      title={t(approve ? 'approvals.approveTitle' : 'approvals.declineTitle', { what: of.title })}
      confirm={t(approve ? 'approvals.approve' : 'approvals.decline')}
      busy={decide.isPending}
      error={decide.error}
      // Who approves has counted.
      {...(approve ? { typed: { label: t('approvals.type', { n: of.devices }), value: String(of.devices) } } : {})}
      onClose={onClose}
      onConfirm={() => decide.mutate()}
    >
      <Text size="sm">{t('approvals.asks', { who: actorName(of.actor), what: of.title })}</Text>
      <Text size="sm" fw={600}>
        {tn('devices.count', of.devices)}
      </Text>
      <Devices row={of} most={20} />
      {approve && of.kind === 'wipe' && <Text size="sm">{t('approvals.held')}</Text>}
      <Textarea
        label={t('approvals.note')}
        value={note}
        maxLength={500}
        autosize
        onChange={(e) => setNote(e.currentTarget.value)}
      />
    </Ask>
  )
}
