/** The invitations made so far, and how to withdraw one. */
import { Button, Group, Table, Text } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from 'react-router'
import { about, type Invitation, invitations } from '../../api/index.ts'
import { actorName, named, t } from '../../text/index.ts'
import { Ago, Card, Listed, ListTable, ProblemAlert, StateBadge } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'

export function Invitations() {
  const list = useInfiniteQuery(invitations.list())
  return (
    <Card title={t('invitations.title')}>
      <Listed
        query={list}
        bare
        empty={
          <Text size="sm" c="dimmed">
            {t('invitations.none')}
          </Text>
        }
      >
        {(rows) => (
          <ListTable
            label={t('invitations.title')}
            head={[
              t('invitations.for'),
              t('invitations.user'),
              t('invitations.state'),
              t('invitations.made'),
              t('invitations.expires'),
              t('invitations.device'),
            ]}
          >
            {rows.map((row) => (
              <Row key={row.id} row={row} />
            ))}
          </ListTable>
        )}
      </Listed>
    </Card>
  )
}

function Row({ row }: { row: Invitation }) {
  const platforms = useQuery(about()).data?.platforms
  return (
    <Table.Tr>
      <Table.Td>
        {platforms?.find((p) => p.id === row.platform)?.title ?? row.platform} · {named('ownership', row.ownership)}
      </Table.Td>
      <Table.Td>{row.user?.name ?? t('devices.noOwner')}</Table.Td>
      <Table.Td>
        <StateBadge state={row.state} />
      </Table.Td>
      <Table.Td>
        <Ago at={row.createdAt} /> · {actorName(row.createdBy)}
      </Table.Td>
      <Table.Td>
        <Ago at={row.expiresAt} />
      </Table.Td>
      <Table.Td>
        {row.state === 'open' ? (
          <Withdraw invitation={row.id} />
        ) : row.device === null ? (
          t('value.none')
        ) : (
          <Link to={`/devices/${encodeURIComponent(row.device)}`}>{t('enrol.open')}</Link>
        )}
      </Table.Td>
    </Table.Tr>
  )
}

function Withdraw({ invitation }: { invitation: string }) {
  const client = useQueryClient()
  const mayWrite = useMay('invitation:write')
  const revoke = useMutation({
    mutationFn: invitations.revoke,
    onSettled: () => client.invalidateQueries({ queryKey: ['invitations'] }),
  })
  if (!mayWrite) return t('value.none')
  return (
    <Group gap="xs">
      <Button variant="default" size="compact-xs" loading={revoke.isPending} onClick={() => revoke.mutate(invitation)}>
        {t('invitations.withdraw')}
      </Button>
      <ProblemAlert error={revoke.error} />
    </Group>
  )
}
