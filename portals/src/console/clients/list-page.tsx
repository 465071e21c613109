/** API clients: programs with permissions of their own. */
import { Button, Group, Table, Text } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type ApiClient, clients } from '../../api/index.ts'
import { t, tn } from '../../text/index.ts'
import {
  Ago,
  Ask,
  Empty,
  Icon,
  Listed,
  ListTable,
  PageHead,
  SecretDialog,
  type SecretLine,
  StateBadge,
} from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { CreateClient, type Made } from './create.tsx'

export function ClientListPage() {
  const list = useInfiniteQuery(clients.list())
  const mayWrite = useMay('client:write')
  const [made, setMade] = useState<Made>()
  const [creating, setCreating] = useState(false)
  return (
    <>
      <PageHead
        title={t('clients.title')}
        below={t('clients.below')}
        actions={
          mayWrite ? (
            <Button onClick={() => setCreating(true)} leftSection={<Icon name="add" size={16} />}>
              {t('clients.new')}
            </Button>
          ) : undefined
        }
      />
      <Listed
        query={list}
        empty={
          <Empty icon="key" title={t('clients.none')}>
            {t('clients.noneText')}
          </Empty>
        }
      >
        {(rows) => (
          <ListTable
            label={t('clients.title')}
            head={[
              t('clients.name'),
              t('clients.scopes'),
              t('clients.owner'),
              t('clients.made'),
              t('clients.secret'),
              t('clients.acts'),
            ]}
            minWidth={860}
          >
            {rows.map((row) => (
              <Row key={row.id} client={row} onSecret={setMade} />
            ))}
          </ListTable>
        )}
      </Listed>
      <CreateClient opened={creating} onClose={() => setCreating(false)} onMade={setMade} />
      <SecretDialog
        title={t('clients.madeTitle')}
        text={t(made?.secret === undefined ? 'clients.madeText' : 'clients.secretText')}
        lines={made && linesOf(made)}
        onClose={() => setMade(undefined)}
      />
    </>
  )
}

function linesOf({ id, secret }: Made): SecretLine[] {
  const lines = [{ name: t('clients.id'), text: id, copy: t('clients.copyId') }]
  if (secret !== undefined) lines.push({ name: t('clients.secret'), text: secret, copy: t('clients.copySecret') })
  return lines
}

function Row({ client, onSecret }: { client: ApiClient; onSecret: (made: Made) => void }) {
  const mayWrite = useMay('client:write')
  const cache = useQueryClient()
  const [asking, setAsking] = useState<'rotate' | 'revoke'>()
  const again = () => cache.invalidateQueries({ queryKey: ['clients'] })
  const rotate = useMutation({
    mutationFn: () => clients.rotate(client.id, 0),
    onSuccess({ secret }) {
      setAsking(undefined)
      onSecret({ id: client.id, secret })
      return again()
    },
  })
  const revoke = useMutation({
    mutationFn: () => clients.revoke(client.id),
    onSuccess: () => {
      setAsking(undefined)
      return again()
    },
  })
  const act = asking === 'rotate' ? rotate : revoke
  return (
    <Table.Tr>
      <Table.Td>
        <Text fw={600} size="sm">
          {client.name}
        </Text>
        <Text size="xs" c="dimmed">
          {client.id}
        </Text>
      </Table.Td>
      <Table.Td>
        {client.scopes.includes('*') ? t('roles.everything') : tn('roles.count', client.scopes.length)}
      </Table.Td>
      <Table.Td c={client.owner ? undefined : 'dimmed'}>{client.owner?.name ?? t('clients.noOwner')}</Table.Td>
      <Table.Td>
        <Ago at={client.createdAt} focusable />
      </Table.Td>
      <Table.Td>{client.public ? t('clients.public') : <Ago at={client.rotatedAt} focusable />}</Table.Td>
      <Table.Td>
        {client.revoked ? (
          <StateBadge state="revoked" />
        ) : (
          mayWrite && (
            <Group gap="xs" wrap="nowrap">
              {!client.public && (
                <Button
                  variant="default"
                  size="compact-xs"
                  onClick={() => setAsking('rotate')}
                  aria-label={t('clients.rotateNamed', { name: client.name })}
                >
                  {t('clients.rotate')}
                </Button>
              )}
              <Button
                variant="default"
                size="compact-xs"
                onClick={() => setAsking('revoke')}
                aria-label={t('clients.revokeNamed', { name: client.name })}
              >
                {t('clients.revoke')}
              </Button>
            </Group>
          )
        )}
        <Ask
          opened={asking !== undefined}
          onClose={() => setAsking(undefined)}
          title={t(asking === 'rotate' ? 'clients.rotateTitle' : 'clients.revokeTitle', { name: client.name })}
          confirm={t(asking === 'rotate' ? 'clients.rotate' : 'clients.revoke')}
          busy={act.isPending}
          error={act.error}
          onConfirm={() => act.mutate()}
        >
          {t(asking === 'rotate' ? 'clients.rotateText' : 'clients.revokeText')}
        </Ask>
      </Table.Td>
    </Table.Tr>
  )
}
