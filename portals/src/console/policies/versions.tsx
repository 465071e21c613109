/** The published versions of a policy, what each changed, and going back to one. */
import { Button, Group, Paper, Stack, Table, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { catalog, type Policy, type PolicyVersion, policies } from '../../api/index.ts'
import { actorName, named, readable, t, tn } from '../../text/index.ts'
import { Ago, Ask, Card, Empty, formatInline, ListTable, nameIn, Shown, StateBadge } from '../../ui/index.ts'
import { useFeatureWords } from '../catalogue/index.ts'
import { useMay } from '../shell/index.ts'
import { type Change, changesOf, type Said } from './diff.ts'

const nothing: Said = { assignment: {}, features: [] }

export function Versions({ policy }: { policy: Policy }) {
  const read = useQuery(policies.versions(policy.id))
  return (
    <Shown query={read}>
      {({ items }) => {
        const [newest] = items
        return (
          <Stack gap="lg">
            {newest !== undefined && policy.unpublished && (
              <Card title={t('versions.draft')}>
                <Changes changes={changesOf(newest, policy)} />
              </Card>
            )}
            {newest === undefined && (
              <Paper>
                <Empty icon="policy" title={t('versions.none')}>
                  {t('versions.noneText')}
                </Empty>
              </Paper>
            )}
            {items.map((one, i) => (
              <Version key={one.version} policy={policy} one={one} before={items[i + 1] ?? nothing} newest={i === 0} />
            ))}
          </Stack>
        )
      }}
    </Shown>
  )
}

function Version({
  policy,
  one,
  before,
  newest,
}: {
  policy: Policy
  one: PolicyVersion
  before: Said
  newest: boolean
}) {
  return (
    <Card
      title={t('versions.title', { version: one.version })}
      actions={
        newest ? (
          <StateBadge state={policy.state === 'active' ? 'active' : 'none'} label={t('versions.current')} />
        ) : (
          <RollBack policy={policy} version={one.version} />
        )
      }
    >
      <Stack gap="sm">
        <Text size="xs" c="dimmed">
          {t('timeline.by', { actor: actorName(one.author) })} <Ago at={one.at} focusable />
        </Text>
        <Changes changes={changesOf(before, one)} />
      </Stack>
    </Card>
  )
}

function Changes({ changes }: { changes: readonly Change[] }) {
  const wordsOf = useFeatureWords()
  const mayCatalog = useMay('platform:read')
  const features = useQuery({ ...catalog(), enabled: mayCatalog }).data?.features ?? []
  if (changes.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('versions.same')}
      </Text>
    )
  const titleOf = (part: string) =>
    part === 'assignment'
      ? t('policies.assignment')
      : (features.find((one) => one.id === part)?.title ?? readable(part))
  const nameWords = ({ part, name }: Change) =>
    name === '' ? t('versions.whole') : name === 'graceS' ? t('policies.grace') : nameIn(wordsOf(part), name).name
  const valueWords = ({ part, name }: Change, value: Change['after']) =>
    value === undefined
      ? t('versions.absent')
      : name === 'action'
        ? named('action', String(value))
        : formatInline(value, name === '' ? wordsOf(part) : wordsOf(part)?.members?.get(name))
  return (
    <ListTable
      label={t('versions.changes')}
      head={[t('versions.part'), t('versions.value'), t('versions.before'), t('versions.after')]}
    >
      {changes.map((one) => (
        <Table.Tr key={`${one.part}/${one.name}`}>
          <Table.Td>{titleOf(one.part)}</Table.Td>
          <Table.Td>{nameWords(one)}</Table.Td>
          <Table.Td>
            <Text size="sm" c="dimmed">
              {valueWords(one, one.before)}
            </Text>
          </Table.Td>
          <Table.Td>{valueWords(one, one.after)}</Table.Td>
        </Table.Tr>
      ))}
    </ListTable>
  )
}

function RollBack({ policy, version }: { policy: Policy; version: number }) {
  const allowed = useMay('policy:publish')
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [reached, setReached] = useState<number>()
  const roll = useMutation({
    mutationFn: () => policies.rollback(policy.id, version),
    async onSuccess({ devices }) {
      setAsking(false)
      setReached(devices)
      await client.invalidateQueries({ queryKey: ['policy', policy.id] })
      await client.invalidateQueries({ queryKey: ['policies'] })
    },
  })
  if (!allowed) return null
  return (
    <Group gap="sm">
      {reached !== undefined && (
        <Text size="xs" c="dimmed" role="status">
          {tn('policies.reached', reached)}
        </Text>
      )}
      <Button variant="default" size="xs" onClick={() => setAsking(true)}>
        {t('versions.rollBack')}
      </Button>
      <Ask
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('versions.rollBackTitle', { version })}
        confirm={t('versions.rollBack')}
        busy={roll.isPending}
        error={roll.error}
        onConfirm={() => roll.mutate()}
      >
        {t('versions.rollBackText', { version, next: policy.version + 1 })}
      </Ask>
    </Group>
  )
}
