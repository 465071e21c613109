/** What the device reported as it happened, newest first. */
import { Paper, Table } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { catalog, type Device, devices } from '../../api/index.ts'
import { named, readable, t } from '../../text/index.ts'
import { Ago, Card, Empty, formatInline, ListTable, More, Shown, StateBadge } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'

export function History({ device }: { device: Device }) {
  const list = useInfiniteQuery(devices.events(device.id))
  const mayCatalog = useMay('platform:read')
  const words =
    useQuery({ ...catalog(), enabled: mayCatalog }).data?.platforms.find((p) => p.id === device.platform)?.events ?? []
  return (
    <>
      <Shown query={list}>
        {(pages) => {
          const rows = pages.pages.flatMap((page) => page.items)
          if (rows.length === 0)
            return (
              <Paper>
                <Empty icon="clock" title={t('history.none')}>
                  {t('history.noneText')}
                </Empty>
              </Paper>
            )
          return (
            <Card title={t('device.tab.history')}>
              <ListTable
                label={t('device.tab.history')}
                head={[t('history.at'), t('history.severity'), t('history.what'), t('history.details')]}
              >
                {Array.from(rows.entries(), ([place, row]) => (
                  // Events have no id in the answer; they only ever grow at the front of the list.
                  <Table.Tr key={rows.length - place}>
                    <Table.Td>
                      <Ago at={row.at} focusable />
                    </Table.Td>
                    <Table.Td>
                      <StateBadge state={row.severity} label={named('severity', row.severity)} />
                    </Table.Td>
                    <Table.Td>{words.find((one) => one.id === row.type)?.title ?? readable(row.type)}</Table.Td>
                    <Table.Td>{formatInline(row.data)}</Table.Td>
                  </Table.Tr>
                ))}
              </ListTable>
            </Card>
          )
        }}
      </Shown>
      <More query={list} />
    </>
  )
}
