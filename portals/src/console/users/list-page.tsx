/** The people who sign in or own devices. */
import { Anchor, Button, Group, Table, Text, TextInput } from '@mantine/core'
import { useDebouncedValue, useDisclosure } from '@mantine/hooks'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { type NewUser, type User, users } from '../../api/index.ts'
import { FormDialog, type JsonSchema } from '../../schema-form/index.ts'
import { t } from '../../text/index.ts'
import { AsOf, Empty, Icon, Listed, ListTable, PageHead, StateBadge } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { useRolesSchema } from './role-options.ts'

export function UserListPage() {
  const [params, setParams] = useSearchParams()
  const [typed, setTyped] = useState(params.get('q') ?? '')
  const [q] = useDebouncedValue(typed.trim(), 250)
  // In the address, so that coming back from a user finds the same list.
  useEffect(() => {
    setParams(q === '' ? {} : { q }, { replace: true })
  }, [q, setParams])
  const list = useInfiniteQuery(users.list(q))
  const mayWrite = useMay('user:write')
  return (
    <>
      <PageHead title={t('users.title')} below={t('users.below')} actions={mayWrite ? <Create /> : undefined} />
      <Group mb="md">
        <TextInput
          type="search"
          aria-label={t('users.find')}
          placeholder={t('users.find')}
          value={typed}
          onChange={(e) => setTyped(e.currentTarget.value)}
          leftSection={<Icon name="search" size={16} />}
          w={{ base: '100%', sm: 320 }}
        />
      </Group>
      <Listed query={list} empty={<Empty icon="search" title={t('enrol.noUser')} />}>
        {(rows) => <Rows rows={rows} />}
      </Listed>
    </>
  )
}

function Rows({ rows }: { rows: readonly User[] }) {
  return (
    <ListTable label={t('users.title')} head={[t('users.name'), t('users.email'), t('users.roles'), t('users.seen')]}>
      {rows.map((user) => (
        <Table.Tr key={user.id}>
          <Table.Td>
            <Anchor component={Link} to={`/users/${encodeURIComponent(user.id)}`} fw={600} size="sm">
              {user.displayName || user.name}
            </Anchor>
            <Group gap={6}>
              <Text size="xs" c="dimmed">
                {user.name}
              </Text>
              {user.disabled && <StateBadge state="blocked" label={t('users.disabled')} size="sm" />}
            </Group>
          </Table.Td>
          <Table.Td>{user.email ?? t('value.none')}</Table.Td>
          <Table.Td>{[...new Set(user.roles.map((role) => role.name))].join(', ') || t('value.none')}</Table.Td>
          <Table.Td>
            <AsOf at={user.lastSignIn} words="time.seen" />
          </Table.Td>
        </Table.Tr>
      ))}
    </ListTable>
  )
}

function Create() {
  const [opened, dialog] = useDisclosure(false)
  const navigate = useNavigate()
  const client = useQueryClient()
  const roles = useRolesSchema()
  const schema = useMemo<JsonSchema>(
    () => ({
      type: 'object',
      properties: {
        name: { type: 'string', title: t('signIn.name'), minLength: 1, maxLength: 128 },
        displayName: { type: 'string', title: t('users.displayName'), maxLength: 200 },
        email: { type: 'string', title: t('users.email'), maxLength: 200 },
        password: {
          type: 'string',
          title: t('signIn.password'),
          description: t('users.passwordHint'),
          writeOnly: true,
          maxLength: 1024,
        },
        ...(roles === undefined ? {} : { roles }),
      },
      required: ['name'],
    }),
    [roles],
  )
  return (
    <>
      <Button onClick={dialog.open} leftSection={<Icon name="add" size={16} />}>
        {t('users.new')}
      </Button>
      <FormDialog
        opened={opened}
        onClose={dialog.close}
        title={t('users.new')}
        schema={schema}
        submit={t('users.create')}
        send={(user: NewUser) => users.create(user)}
        onDone={(made, here) => {
          void client.invalidateQueries({ queryKey: ['users'] })
          if (here) void navigate(`/users/${encodeURIComponent(made.id)}`)
        }}
      />
    </>
  )
}
