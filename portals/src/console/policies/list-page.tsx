/** Policies in their order: the first that sets a feature wins. */
import { Button, Paper, Table, Text } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { about, type Policy, policies } from '../../api/index.ts'
import { t, tn } from '../../text/index.ts'
import { Empty, Icon, More, PageHead, Shown } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { PolicyState } from './policy-state.tsx'

export function PolicyListPage() {
  const list = useInfiniteQuery(policies.list())
  const mayWrite = useMay('policy:write')
  const create = mayWrite ? (
    <Button component={Link} to="/policies/new" leftSection={<Icon name="add" size={16} />}>
      {t('policies.new')}
    </Button>
  ) : undefined
  return (
    <>
      <PageHead title={t('policies.title')} below={t('policies.below')} actions={create} />
      <Shown query={list}>
        {(pages) => {
          const rows = pages.pages.flatMap((page) => page.items)
          return (
            <Paper>
              {rows.length === 0 ? (
                <Empty icon="policy" title={t('policies.none')} action={create}>
                  {t('policies.noneText')}
                </Empty>
              ) : (
                <Rows rows={rows} />
              )}
            </Paper>
          )
        }}
      </Shown>
      <More query={list} />
    </>
  )
}

function Rows({ rows }: { rows: readonly Policy[] }) {
  const platforms = useQuery(about()).data?.platforms
  return (
    <Table.ScrollContainer minWidth={640} tabIndex={0} role="region" aria-label={t('policies.title')}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('policies.order')}</Table.Th>
            <Table.Th>{t('policies.name')}</Table.Th>
            <Table.Th>{t('devices.platform')}</Table.Th>
            <Table.Th>{t('policies.state')}</Table.Th>
            <Table.Th>{t('policies.version')}</Table.Th>
            <Table.Th>{t('policies.features')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((policy) => (
            <Table.Tr key={policy.id}>
              <Table.Td>{policy.priority}</Table.Td>
              <Table.Td>
                <Text component={Link} to={`/policies/${encodeURIComponent(policy.id)}`} fw={600} size="sm">
                  {policy.name}
                </Text>
                {policy.description !== undefined && policy.description !== '' && (
                  <Text size="xs" c="dimmed">
                    {policy.description}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>{platforms?.find((p) => p.id === policy.platform)?.title ?? policy.platform}</Table.Td>
              <Table.Td>
                <PolicyState policy={policy} />
              </Table.Td>
              <Table.Td>{policy.version === 0 ? t('policies.unpublished') : policy.version}</Table.Td>
              <Table.Td>{tn('policies.featureCount', policy.features.length)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
