/** What publishing a policy's draft would change on this device, value by value. */
import { Group, Select, Stack, Table, Text } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Device, type Json, type Policy, type PolicyWhatIf, policies } from '../../api/index.ts'
import { t } from '../../text/index.ts'
import { Card, formatInline, ListTable, nameIn, Shown, type Words } from '../../ui/index.ts'
import { useFeatureWords } from '../catalogue/index.ts'

export function WhatIf({ device }: { device: Pick<Device, 'id' | 'platform'> }) {
  const list = useInfiniteQuery(policies.list())
  const [chosen, setChosen] = useState<string | null>(null)
  const drafts = (list.data?.pages ?? [])
    .flatMap((page) => page.items)
    .filter((one) => one.platform === device.platform && one.unpublished)
  const policy = drafts.find((one) => one.id === chosen)
  if (drafts.length === 0) return null
  return (
    <Card title={t('whatIf.title')}>
      <Stack gap="md">
        <Select
          label={t('whatIf.choose')}
          data={drafts.map((one) => ({ value: one.id, label: one.name }))}
          value={chosen}
          onChange={setChosen}
          clearable
          clearButtonProps={{ 'aria-label': t('devices.clearOne', { name: t('whatIf.choose') }) }}
          styles={{ wrapper: { maxWidth: 420 } }}
        />
        {policy !== undefined && <Answer policy={policy} device={device.id} />}
      </Stack>
    </Card>
  )
}

function Answer({ policy, device }: { policy: Policy; device: string }) {
  const read = useQuery(policies.whatIf(policy.id, policy.revision, device))
  return (
    <Shown query={read}>
      {(found) => (
        <Stack gap="sm">
          <Text size="sm" role="status">
            {t(reachWords(found))}
          </Text>
          {found.features.length > 0 && (found.before || found.after) && <Changes found={found} />}
        </Stack>
      )}
    </Shown>
  )
}

function reachWords({ before, after }: PolicyWhatIf) {
  if (before && after) return 'whatIf.stays' as const
  if (after) return 'whatIf.reaches' as const
  return before ? ('whatIf.leaves' as const) : ('whatIf.notReached' as const)
}

const outcomes = {
  delivers: 'preview.delivers',
  unchanged: 'preview.unchanged',
  overridden: 'preview.overridden',
  removes: 'preview.removes',
  cannot: 'preview.cannot',
} as const

function Changes({ found }: { found: PolicyWhatIf }) {
  const wordsOf = useFeatureWords()
  const head = [t('whatIf.feature'), t('whatIf.value'), t('whatIf.now'), t('whatIf.then')]
  return (
    <ListTable label={t('whatIf.title')} head={head}>
      {found.features.flatMap((one) => {
        const names = differing(one.before?.settings, one.after?.settings)
        const words = wordsOf(one.feature)
        const outcome = t(outcomes[one.outcome])
        return [
          <Table.Tr key={one.feature}>
            <Table.Td fw={600}>{one.title}</Table.Td>
            <Table.Td colSpan={3}>
              <Group gap="xs">
                <Text size="sm">{outcome}</Text>
                {one.reason !== null && (
                  <Text size="sm" c="dimmed">
                    {one.reason.text}
                  </Text>
                )}
              </Group>
            </Table.Td>
          </Table.Tr>,
          ...names.map((name) => (
            <Table.Tr key={`${one.feature}/${name}`}>
              <Table.Td />
              <Table.Td>{nameIn(words, name).name}</Table.Td>
              <Table.Td>
                <Side
                  words={words?.members?.get(name)}
                  value={one.before?.settings[name]}
                  policy={one.before?.policy.name}
                />
              </Table.Td>
              <Table.Td>
                <Side
                  words={words?.members?.get(name)}
                  value={one.after?.settings[name]}
                  policy={one.after?.policy.name}
                />
              </Table.Td>
            </Table.Tr>
          )),
        ]
      })}
    </ListTable>
  )
}

function Side({
  value,
  policy,
  words,
}: {
  value: Json | undefined
  policy: string | undefined
  words: Words | undefined
}) {
  if (value === undefined)
    return (
      <Text size="sm" c="dimmed">
        {t('whatIf.absent')}
      </Text>
    )
  return (
    <>
      <Text size="sm">{formatInline(value, words)}</Text>
      {policy !== undefined && (
        <Text size="xs" c="dimmed">
          {policy}
        </Text>
      )}
    </>
  )
}

function differing(before: Settings | undefined, after: Settings | undefined): string[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return names.filter((name) => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]))
}
type Settings = Readonly<Record<string, Json>>
