/** Who is in a group; in one filled by hand, devices are added and taken out here. */
import { Anchor, Button, MultiSelect, Group as Row, Stack, Table, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { devices, type Group, groups } from '../../api/index.ts'
import { named, t } from '../../text/index.ts'
import { AsOf, Card, ListTable, More, ProblemAlert, Shown, StateBadge, StateCell } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'

export function Members({ group }: { group: Group }) {
  const list = useInfiniteQuery(groups.devices(group.id))
  const client = useQueryClient()
  const mayWrite = useMay('group:write')
  const byHand = group.query === null && mayWrite
  const change = useMutation({
    mutationFn: (body: { add: string[]; remove: string[] }) => groups.change(group.id, body),
    onSettled: () => client.invalidateQueries({ queryKey: ['groups'] }),
  })
  const head = [t('devices.name'), t('devices.owner'), t('devices.compliance'), t('devices.liveness')]
  return (
    <Card title={t('groups.members')}>
      <Stack gap="md">
        {byHand && (
          <Add
            busy={change.isPending}
            onAdd={(add, onDone) => change.mutate({ add, remove: [] }, { onSuccess: onDone })}
          />
        )}
        <ProblemAlert error={change.error} />
        <Shown query={list}>
          {(pages) => {
            const rows = pages.pages.flatMap((page) => page.items)
            if (rows.length === 0)
              return (
                <Text size="sm" c="dimmed">
                  {t(group.query === null ? 'groups.empty' : 'groups.emptyQuery')}
                </Text>
              )
            return (
              <ListTable label={t('groups.members')} head={byHand ? [...head, t('groups.membership')] : head}>
                {rows.map((device) => (
                  <Table.Tr key={device.id}>
                    <Table.Td>
                      <Anchor component={Link} to={`/devices/${encodeURIComponent(device.id)}`} fw={600} size="sm">
                        {device.name || device.serial || device.id}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>{device.owner?.name ?? t('devices.noOwner')}</Table.Td>
                    <Table.Td>
                      <StateBadge
                        state={device.compliance}
                        label={named('state', device.compliance === 'none' ? 'noPolicy' : device.compliance)}
                      />
                    </Table.Td>
                    <Table.Td>
                      <StateCell state={device.liveness} below={<AsOf at={device.lastSeen} />} />
                    </Table.Td>
                    {byHand && (
                      <Table.Td>
                        <Button
                          variant="default"
                          size="compact-xs"
                          onClick={() => change.mutate({ add: [], remove: [device.id] })}
                          aria-label={t('groups.takeOutNamed', { name: device.name || device.id })}
                        >
                          {t('groups.takeOut')}
                        </Button>
                      </Table.Td>
                    )}
                  </Table.Tr>
                ))}
              </ListTable>
            )
          }}
        </Shown>
        <More query={list} />
      </Stack>
    </Card>
  )
}

function Add({ busy, onAdd }: { busy: boolean; onAdd: (ids: string[], onDone: () => void) => void }) {
  const [typed, setTyped] = useState('')
  const [q] = useDebouncedValue(typed, 200)
  const [chosen, setChosen] = useState<ReadonlyMap<string, string>>(new Map())
  const found = useQuery(devices.find(q)).data?.items ?? []
  // Who was picked while these were added stays picked.
  const add = (ids: string[]) =>
    onAdd(ids, () => setChosen((now) => new Map([...now].filter(([id]) => !ids.includes(id)))))
  const data = new Map(chosen)
  for (const device of found) data.set(device.id, device.name || device.serial || device.id)
  return (
    <Row align="flex-end" gap="sm">
      <MultiSelect
        label={t('groups.add')}
        placeholder={chosen.size === 0 ? t('devices.find') : ''}
        data={[...data].map(([value, label]) => ({ value, label }))}
        value={[...chosen.keys()]}
        onChange={(ids) => setChosen(new Map(ids.map((id) => [id, data.get(id) ?? id])))}
        searchable
        searchValue={typed}
        onSearchChange={setTyped}
        // The server has searched already, in more than the name.
        filter={({ options }) => options}
        nothingFoundMessage={t('devices.noMatch')}
        hidePickedOptions
        flex={1}
        miw={220}
      />
      <Button variant="default" disabled={chosen.size === 0} loading={busy} onClick={() => add([...chosen.keys()])}>
        {t('form.add')}
      </Button>
    </Row>
  )
}
