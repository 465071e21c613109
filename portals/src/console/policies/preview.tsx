/** What publishing will do, seen before it is done: whom it reaches, what changes there, what cannot be, and which policies it meets. */
import { Alert, Anchor, Button, Group, SimpleGrid, Stack, Table, Text, Title, UnstyledButton } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { type Policy, type PolicyConflict, type PolicyPreview, type PreviewCount, policies } from '../../api/index.ts'
import { formatNumber, t, tn } from '../../text/index.ts'
import { formatInline, Icon, ListTable, More, nameIn, Shown } from '../../ui/index.ts'
import { useFeatureWords } from '../catalogue/index.ts'
import classes from './editor.module.css'

/** A count that was chosen, with the words it stands under. */
interface Picked {
  what: string
  count: PreviewCount
}
type Pick = (picked: Picked) => void

export function Preview({ policy }: { policy: Policy }) {
  const read = useQuery(policies.preview(policy.id, policy.revision))
  const [picked, setPicked] = useState<Picked>()
  return (
    <Shown query={read}>
      {(preview) => (
        <Stack gap="md">
          {!preview.active && (
            <Alert variant="outline" color="orange" icon={<Icon name="alert" />} role="status">
              {t('preview.inactive')}
            </Alert>
          )}
          <Numbers preview={preview} pick={setPicked} />
          {picked !== undefined && (
            <Behind key={picked.count.pick} policy={policy} picked={picked} onHide={() => setPicked(undefined)} />
          )}
          <Features preview={preview} pick={setPicked} />
          <Conflicts conflicts={preview.conflicts} pick={setPicked} />
        </Stack>
      )}
    </Shown>
  )
}

function Numbers({ preview, pick }: { preview: PolicyPreview; pick: Pick }) {
  const counts = [
    [t('preview.reached'), preview.reached],
    [t('preview.gains'), preview.gains],
    [t('preview.changes'), preview.changes],
    [t('preview.loses'), preview.loses],
    [t('preview.same'), preview.same],
  ] as const
  const nothing = preview.gains.devices + preview.changes.devices + preview.loses.devices === 0
  return (
    <div>
      <Text size="sm" c="dimmed" mb="xs">
        {t('preview.of', { n: preview.devices })}
        {nothing && ` ${t('preview.nothing')}`}
      </Text>
      <SimpleGrid cols={{ base: 2, sm: 5 }} spacing="sm">
        {counts.map(([what, count]) => (
          <div key={count.pick}>
            <Count what={what} count={count} pick={pick} big />
            <Text size="xs" c="dimmed">
              {what}
            </Text>
          </div>
        ))}
      </SimpleGrid>
    </div>
  )
}

/** A number that opens the list behind it. */
function Count({ what, count, pick, big = false }: { what: string; count: PreviewCount; pick: Pick; big?: boolean }) {
  const number = (
    <Text span fz={big ? 24 : 'sm'} fw={big ? 700 : 400} c={count.devices === 0 ? 'dimmed' : ''}>
      {formatNumber(count.devices)}
    </Text>
  )
  if (count.devices === 0) return number
  return (
    <UnstyledButton
      className={classes.count ?? ''}
      onClick={() => pick({ what, count })}
      aria-label={t('preview.list', { what, devices: tn('devices.count', count.devices) })}
    >
      {number}
    </UnstyledButton>
  )
}

function Behind({ policy, picked, onHide }: { policy: Policy; picked: Picked; onHide: () => void }) {
  const list = useInfiniteQuery(policies.previewDevices(policy.id, policy.revision, picked.count.pick))
  const title = t('preview.list', { what: picked.what, devices: tn('devices.count', picked.count.devices) })
  return (
    <section aria-label={title} className={classes.behind}>
      <Group justify="space-between" mb="xs">
        <Text size="sm" fw={600} role="status">
          {title}
        </Text>
        <Button variant="subtle" color="gray" size="compact-xs" onClick={onHide}>
          {t('preview.hide')}
        </Button>
      </Group>
      <Shown query={list}>
        {({ pages }) => (
          <Group gap="xs">
            {pages
              .flatMap((page) => page.items)
              .map((device) => (
                <Anchor key={device.id} component={Link} to={`/devices/${encodeURIComponent(device.id)}`} size="sm">
                  {device.name || device.id}
                </Anchor>
              ))}
          </Group>
        )}
      </Shown>
      <More query={list} />
    </section>
  )
}

const columns = [
  ['delivers', 'preview.delivers'],
  ['removes', 'preview.removes'],
  ['overridden', 'preview.overridden'],
  ['unchanged', 'preview.unchanged'],
] as const

function Features({ preview, pick }: { preview: PolicyPreview; pick: Pick }) {
  if (preview.features.length === 0) return null
  return (
    <div>
      <Title order={3} mb="xs">
        {t('preview.features')}
      </Title>
      <ListTable
        label={t('preview.features')}
        head={[t('preview.feature'), ...columns.map(([, words]) => t(words)), t('preview.cannot')]}
      >
        {preview.features.map((one) => (
          <Table.Tr key={one.feature}>
            <Table.Td>{one.title}</Table.Td>
            {columns.map(([column, words]) => (
              <Table.Td key={column}>
                <Count what={`${one.title}, ${t(words)}`} count={one[column]} pick={pick} />
              </Table.Td>
            ))}
            <Table.Td>
              {one.cannot.length === 0 ? (
                <Text span size="sm" c="dimmed">
                  0
                </Text>
              ) : (
                one.cannot.map((cannot) => (
                  <Text key={cannot.pick} size="sm">
                    <Count what={`${one.title}, ${t('preview.cannot')}`} count={cannot} pick={pick} />{' '}
                    {cannot.reason.text}
                  </Text>
                ))
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </ListTable>
    </div>
  )
}

function Conflicts({ conflicts, pick }: { conflicts: readonly PolicyConflict[]; pick: Pick }) {
  if (conflicts.length === 0) return null
  return (
    <div>
      <Title order={3} mb="xs">
        {t('preview.conflicts')}
      </Title>
      <Stack gap="md">
        {conflicts.map((one) =>
          one.other ? (
            <Clash key={one.pick} conflict={one} other={one.other} pick={pick} />
          ) : (
            <Conflict key={one.pick} conflict={one} pick={pick} />
          ),
        )}
      </Stack>
    </div>
  )
}

/** Two features that write the same, of this policy or of two. */
function Clash({ conflict, other, pick }: { conflict: PolicyConflict; other: { title: string }; pick: Pick }) {
  const names = { ours: conflict.title, theirs: other.title }
  const title = t('preview.clashTitle', names)
  return (
    <section aria-label={title}>
      <Text size="sm" fw={600}>
        {title}: <Count what={title} count={conflict} pick={pick} />
      </Text>
      <Text size="sm">
        {conflict.own ? (
          t('preview.clashOwn')
        ) : (
          <>
            <Anchor
              component={Link}
              to={`/policies/${encodeURIComponent(conflict.with.id)}`}
              inherit
              underline="always"
            >
              {t('preview.conflictWith', { name: conflict.with.name, priority: conflict.with.priority })}
            </Anchor>
            .
          </>
        )}{' '}
        {t('preview.clash', names)}
      </Text>
      <ListTable label={title} head={[t('preview.clashKeys')]} minWidth={320}>
        {(conflict.keys ?? []).map((key) => (
          <Table.Tr key={key}>
            <Table.Td>
              <Text size="sm" ff="monospace">
                {key}
              </Text>
            </Table.Td>
          </Table.Tr>
        ))}
      </ListTable>
    </section>
  )
}

function Conflict({ conflict, pick }: { conflict: PolicyConflict; pick: Pick }) {
  const { ours, theirs, rule, wins } = conflict
  const words = useFeatureWords()(conflict.feature)
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].filter(
    (name) => JSON.stringify(ours[name]) !== JSON.stringify(theirs[name]),
  )
  const why = rule === 'union' ? t('preview.unites') : t(wins ? 'preview.wins' : 'preview.yields')
  const used = (mine: boolean) => rule === 'priority' && wins === mine
  const head = (words: string, mine: boolean) => (used(mine) ? `${words} (${t('preview.used')})` : words)
  return (
    <section aria-label={conflict.title}>
      <Text size="sm" fw={600}>
        {conflict.title}: <Count what={conflict.title} count={conflict} pick={pick} />
      </Text>
      <Text size="sm">
        <Anchor component={Link} to={`/policies/${encodeURIComponent(conflict.with.id)}`} inherit underline="always">
          {t('preview.conflictWith', { name: conflict.with.name, priority: conflict.with.priority })}
        </Anchor>
        . {why}
      </Text>
      <ListTable
        label={conflict.title}
        head={[t('versions.value'), head(t('preview.ours'), true), head(t('preview.theirs'), false)]}
        minWidth={320}
      >
        {names.map((name) => (
          <Table.Tr key={name}>
            <Table.Td>{nameIn(words, name).name}</Table.Td>
            {[ours[name], theirs[name]].map((value, i) => (
              <Table.Td key={i === 0 ? 'ours' : 'theirs'}>
                <Text size="sm" fw={used(i === 0) ? 600 : 400}>
                  {value === undefined ? t('versions.absent') : formatInline(value, words?.members?.get(name))}
                </Text>
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </ListTable>
    </section>
  )
}
