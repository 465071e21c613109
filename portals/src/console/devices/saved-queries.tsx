/** Filters of the list kept by name: picked, saved, renamed, shared, removed. What is picked goes into the address. */
import { Badge, Button, Checkbox, Group, Menu, Modal, Stack, Table, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { type DeviceFilters, queries, type SavedQuery } from '../../api/index.ts'
import { t } from '../../text/index.ts'
import { Ask, Icon, ListTable, ProblemAlert, useMenuFocus } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'

type Doing = { what: 'save' } | { what: 'manage' } | { what: 'rename' | 'remove'; query: SavedQuery }

export function SavedQueries({ filters, open }: { filters: DeviceFilters; open: (filters: DeviceFilters) => void }) {
  const known = useQuery(queries.all()).data ?? []
  const [doing, setDoing] = useState<Doing>()
  const filtered = Object.keys(filters).length > 0
  const close = () => setDoing(undefined)
  const { button, back } = useMenuFocus()
  const begin = (next: Doing) => {
    back()
    setDoing(next)
  }
  const section = (label: string, some: readonly SavedQuery[]) =>
    some.length > 0 && (
      <>
        <Menu.Label>{label}</Menu.Label>
        {some.map((query) => (
          <Menu.Item key={query.id} onClick={() => open(query.filter)}>
            {query.name}
          </Menu.Item>
        ))}
      </>
    )
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button ref={button} variant="default" rightSection={<Icon name="down" size={14} />}>
            {t('queries.title')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
          {known.length === 0 && (
            <Text size="sm" c="dimmed" p="xs" maw={260}>
              {t('queries.none')}
            </Text>
          )}
          {section(t('queries.shared'), sorted(known.filter((q) => q.shared)))}
          {section(t('queries.own'), sorted(known.filter((q) => !q.shared)))}
          <Menu.Divider />
          <Menu.Item
            disabled={!filtered}
            leftSection={<Icon name="add" size={14} />}
            onClick={() => begin({ what: 'save' })}
          >
            {t('queries.save')}
          </Menu.Item>
          {known.length > 0 && (
            <Menu.Item leftSection={<Icon name="edit" size={14} />} onClick={() => begin({ what: 'manage' })}>
              {t('queries.manage')}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={doing?.what === 'save' || doing?.what === 'rename'}
        onClose={close}
        title={t(doing?.what === 'rename' ? 'queries.rename' : 'queries.saveAs')}
        closeButtonProps={{ 'aria-label': t('confirm.cancel') }}
      >
        {(doing?.what === 'save' || doing?.what === 'rename') && (
          <Name query={doing.what === 'rename' ? doing.query : undefined} filters={filters} onDone={close} />
        )}
      </Modal>
      <Modal
        opened={doing?.what === 'manage'}
        onClose={close}
        title={t('queries.title')}
        size="lg"
        closeButtonProps={{ 'aria-label': t('confirm.cancel') }}
      >
        {doing?.what === 'manage' && <Manage known={sorted(known)} filters={filters} then={setDoing} />}
      </Modal>
      <Remove query={doing?.what === 'remove' ? doing.query : undefined} onClose={close} />
    </>
  )
}

const sorted = (some: readonly SavedQuery[]) => some.toSorted((a, b) => a.name.localeCompare(b.name))

function useChange<T>(work: (value: T) => Promise<unknown>, onDone: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: work,
    async onSuccess() {
      await client.invalidateQueries({ queryKey: ['queries'] })
      onDone()
    },
  })
}

function Name({
  query,
  filters,
  onDone,
}: {
  query: SavedQuery | undefined
  filters: DeviceFilters
  onDone: () => void
}) {
  const [name, setName] = useState(query?.name ?? '')
  const [shared, setShared] = useState(query?.shared ?? false)
  const mayShare = useMay('query:write')
  const save = useChange(
    (draft: { name: string; shared: boolean }) =>
      query === undefined
        ? queries.create({ ...draft, filter: filters })
        : queries.save(query, { ...draft, filter: query.filter }),
    onDone,
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() !== '') save.mutate({ name: name.trim(), shared })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t('queries.saveText')}
        </Text>
        <TextInput
          label={t('queries.name')}
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          maxLength={120}
          autoComplete="off"
          required
          data-autofocus
        />
        {mayShare && (
          <Checkbox
            label={t('queries.share')}
            description={t('queries.shareText')}
            checked={shared}
            onChange={(e) => setShared(e.currentTarget.checked)}
          />
        )}
        <ProblemAlert error={save.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('confirm.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('queries.keep')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function Manage({
  known,
  filters,
  then,
}: {
  known: readonly SavedQuery[]
  filters: DeviceFilters
  then: (doing: Doing | undefined) => void
}) {
  const mayShare = useMay('query:write')
  const filtered = Object.keys(filters).length > 0
  const replace = useChange(
    (query: SavedQuery) => queries.save(query, { name: query.name, shared: query.shared, filter: filters }),
    () => then(undefined),
  )
  return (
    <Stack gap="md">
      <ProblemAlert error={replace.error} />
      <ListTable label={t('queries.title')} head={[t('queries.name'), t('queries.manage')]} minWidth={320}>
        {known.map((query) => (
          <Table.Tr key={query.id}>
            <Table.Td>
              <Group gap="xs">
                <Text size="sm">{query.name}</Text>
                {query.shared && <Badge variant="light">{t('queries.shared')}</Badge>}
              </Group>
            </Table.Td>
            <Table.Td>
              {(!query.shared || mayShare) && (
                <Group gap="xs">
                  <Button variant="default" size="compact-xs" onClick={() => then({ what: 'rename', query })}>
                    {t('queries.rename')}
                  </Button>
                  {filtered && (
                    <Button
                      variant="default"
                      size="compact-xs"
                      loading={replace.isPending && replace.variables === query}
                      onClick={() => replace.mutate(query)}
                    >
                      {t('queries.replace', { name: query.name })}
                    </Button>
                  )}
                  <Button
                    variant="default"
                    size="compact-xs"
                    onClick={() => then({ what: 'remove', query })}
                    aria-label={`${t('queries.remove')}: ${query.name}`}
                  >
                    {t('queries.remove')}
                  </Button>
                </Group>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </ListTable>
    </Stack>
  )
}

function Remove({ query, onClose }: { query: SavedQuery | undefined; onClose: () => void }) {
  const remove = useChange((id: string) => queries.remove(id), onClose)
  return (
    <Ask
      opened={query !== undefined}
      onClose={onClose}
      title={t('queries.removeTitle', { name: query?.name ?? '' })}
      confirm={t('queries.remove')}
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => query !== undefined && remove.mutate(query.id)}
    >
      {t(query?.shared ? 'queries.removeShared' : 'queries.removeText')}
    </Ask>
  )
}
