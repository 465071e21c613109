/** Policies in their order: the first that sets a feature wins. */
import { ActionIcon, Anchor, Button, Group, Paper, Stack, Table, Text } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { about, type Policy, policies } from '../../api/index.ts'
import { t, tn } from '../../text/index.ts'
import { Card, Empty, Icon, ListTable, More, PageHead, ProblemAlert, Shown } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { moved } from './diff.ts'
import classes from './editor.module.css'
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
          if (rows.length > 0) return <Platforms rows={rows} whole={!list.hasNextPage} />
          return (
            <Paper>
              <Empty icon="policy" title={t('policies.none')} action={create}>
                {t('policies.noneText')}
              </Empty>
            </Paper>
          )
        }}
      </Shown>
      <More query={list} />
    </>
  )
}

/** Each platform has an order of its own. */
function Platforms({ rows, whole }: { rows: readonly Policy[]; whole: boolean }) {
  const platforms = useQuery(about()).data?.platforms
  return (
    <Stack gap="lg">
      {[...Map.groupBy(rows, (row) => row.platform)].map(([platform, own]) => (
        <Card key={platform} title={platforms?.find((p) => p.id === platform)?.title ?? platform}>
          <Rows platform={platform} rows={own.toSorted((a, b) => a.priority - b.priority)} whole={whole} />
        </Card>
      ))}
    </Stack>
  )
}

function Rows({ platform, rows, whole }: { platform: string; rows: readonly Policy[]; whole: boolean }) {
  const { order, move } = useOrder(platform, rows)
  const mayOrder = useMay('policy:publish') && whole && rows.length > 1
  const shown = order.ids.flatMap((id) => rows.find((row) => row.id === id) ?? [])
  const head = [
    t('policies.order'),
    t('policies.name'),
    t('policies.state'),
    t('policies.version'),
    t('policies.features'),
  ]
  return (
    <>
      <ProblemAlert error={order.error} />
      <ListTable label={t('policies.title')} head={head}>
        {shown.map((policy, place) => (
          <Table.Tr key={policy.id}>
            <Table.Td>
              <Group gap={4} wrap="nowrap">
                <Text size="sm" w={24}>
                  {place + 1}
                </Text>
                {mayOrder &&
                  ([-1, 1] as const).map((by) => (
                    <ActionIcon
                      key={by}
                      variant="subtle"
                      color="gray"
                      aria-label={t(by === -1 ? 'policies.up' : 'policies.down', { name: policy.name })}
                      aria-disabled={place + by < 0 || place + by >= shown.length}
                      className={classes.move ?? ''}
                      onClick={() => move(policy.id, by)}
                    >
                      <Icon name={by === -1 ? 'up' : 'down'} size={16} />
                    </ActionIcon>
                  ))}
              </Group>
            </Table.Td>
            <Table.Td>
              <Anchor component={Link} to={`/policies/${encodeURIComponent(policy.id)}`} fw={600} size="sm">
                {policy.name}
              </Anchor>
              {policy.description !== undefined && policy.description !== '' && (
                <Text size="xs" c="dimmed">
                  {policy.description}
                </Text>
              )}
            </Table.Td>
            <Table.Td>
              <PolicyState policy={policy} />
            </Table.Td>
            <Table.Td>{policy.version === 0 ? t('policies.unpublished') : policy.version}</Table.Td>
            <Table.Td>{tn('policies.featureCount', policy.features.length)}</Table.Td>
          </Table.Tr>
        ))}
      </ListTable>
    </>
  )
}

/** The order as one sees it: moved at once, put back when the server refuses. */
function useOrder(platform: string, rows: readonly Policy[]) {
  const client = useQueryClient()
  const saved = rows.map((row) => row.id)
  const [wanted, setWanted] = useState<readonly string[]>()
  const save = useMutation({
    mutationFn: (ids: string[]) => policies.order(platform, ids),
    async onSettled() {
      await client.invalidateQueries({ queryKey: ['policies'] })
      setWanted(undefined)
    },
  })
  const ids = wanted ?? saved
  const move = (id: string, by: -1 | 1) => {
    const next = moved(ids, id, by)
    if (next === undefined || save.isPending) return
    setWanted(next)
    save.mutate(next)
  }
  return { order: { ids, error: save.error }, move }
}
