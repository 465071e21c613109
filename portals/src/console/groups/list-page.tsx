/** Groups of devices: put together by hand, or filled by a query. */
import { Anchor, Button, Table, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { groups } from '../../api/index.ts'
import { formatNumber, t } from '../../text/index.ts'
import { Empty, Icon, Listed, ListTable, PageHead } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'

export function GroupListPage() {
  const list = useInfiniteQuery(groups.list())
  const mayWrite = useMay('group:write')
  const create = mayWrite ? (
    <Button component={Link} to="/groups/new" leftSection={<Icon name="add" size={16} />}>
      {t('groups.new')}
    </Button>
  ) : undefined
  return (
    <>
      <PageHead title={t('groups.title')} below={t('groups.below')} actions={create} />
      <Listed
        query={list}
        empty={
          <Empty icon="group" title={t('groups.none')} action={create}>
            {t('groups.noneText')}
          </Empty>
        }
      >
        {(rows) => (
          <ListTable
            label={t('groups.title')}
            head={[t('groups.name'), t('groups.kind'), t('devices.title')]}
            minWidth={480}
          >
            {rows.map((group) => (
              <Table.Tr key={group.id}>
                <Table.Td>
                  <Anchor component={Link} to={`/groups/${encodeURIComponent(group.id)}`} fw={600} size="sm">
                    {group.name}
                  </Anchor>
                  {group.description !== '' && (
                    <Text size="xs" c="dimmed">
                      {group.description}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>{t(group.query === null ? 'groups.static' : 'groups.dynamic')}</Table.Td>
                <Table.Td>
                  <Link to={`/devices?${new URLSearchParams({ group: group.id })}`}>{formatNumber(group.devices)}</Link>
                </Table.Td>
              </Table.Tr>
            ))}
          </ListTable>
        )}
      </Listed>
    </>
  )
}
