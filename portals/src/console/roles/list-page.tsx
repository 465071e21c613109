/** Roles: what their users may do. */
import { Anchor, Button, Group, Paper, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { type Role, roles } from '../../api/index.ts'
import { formatNumber, t, tn } from '../../text/index.ts'
import { Icon, ListTable, PageHead, Shown, StateBadge } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'

export function RoleListPage() {
  const list = useQuery(roles.list())
  const mayWrite = useMay('role:write')
  const create = mayWrite ? (
    <Button component={Link} to="/roles/new" leftSection={<Icon name="add" size={16} />}>
      {t('roles.new')}
    </Button>
  ) : undefined
  return (
    <>
      <PageHead title={t('roles.title')} below={t('roles.below')} actions={create} />
      <Shown query={list}>
        {({ items }) => (
          <Paper>
            <ListTable
              label={t('roles.title')}
              head={[t('roles.name'), t('roles.permissions'), t('roles.scope'), t('users.title')]}
            >
              {items.map((role) => (
                <Row key={role.id} role={role} />
              ))}
            </ListTable>
          </Paper>
        )}
      </Shown>
    </>
  )
}

function Row({ role }: { role: Role }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs">
          <Anchor component={Link} to={`/roles/${encodeURIComponent(role.id)}`} fw={600} size="sm">
            {role.title || role.name}
          </Anchor>
          {role.builtin && <StateBadge state="none" label={t('roles.builtin')} size="sm" />}
        </Group>
        <Text size="xs" c="dimmed">
          {role.name}
        </Text>
      </Table.Td>
      <Table.Td>
        {role.permissions.includes('*') ? t('roles.everything') : tn('roles.count', role.permissions.length)}
      </Table.Td>
      <Table.Td>{t(role.own ? 'roles.own' : 'roles.any')}</Table.Td>
      <Table.Td>{formatNumber(role.users)}</Table.Td>
    </Table.Tr>
  )
}
