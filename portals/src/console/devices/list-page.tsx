/** The live list of devices. */
import { Button, Paper, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { checkInMs, devices } from '../../api/index.ts'
import { t, tn } from '../../text/index.ts'
import { Empty, Icon, More, PageHead, ProblemAlert, Shown } from '../../ui/index.ts'
import { useMay, useMaySome } from '../shell/index.ts'
import { BulkBar } from './bulk-bar.tsx'
import { DeviceTable } from './device-table.tsx'
import { FilterBar } from './filter-bar.tsx'
import { useFilters } from './filters.ts'
import { useSelection } from './selection.ts'

export function DeviceListPage() {
  const { filters, set, clear } = useFilters()
  // An idle check-in raises no event, so times of contact are read anew; a long list less often.
  const list = useInfiniteQuery({
    ...devices.list(filters),
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 1) <= 2 ? checkInMs : 4 * checkInMs),
  })
  const selection = useSelection(filters)
  const maySend = useMaySome('operation:')
  const mayEnrol = useMay('invitation:write')
  const enrol = mayEnrol ? (
    <Button component={Link} to="/enrol" leftSection={<Icon name="add" size={16} />}>
      {t('devices.enrol')}
    </Button>
  ) : undefined
  const filtered = Object.keys(filters).length > 0
  return (
    <>
      <PageHead title={t('devices.title')} actions={enrol} />
      <FilterBar filters={filters} set={set} clear={clear} />
      {list.data !== undefined && <ProblemAlert error={list.error} />}
      <Shown query={list}>
        {(pages) => {
          const rows = pages.pages.flatMap((page) => page.items)
          if (rows.length === 0 && filtered) {
            return (
              <Paper>
                <Empty
                  icon="search"
                  title={t('devices.noMatch')}
                  action={
                    <Button variant="default" onClick={clear}>
                      {t('devices.clear')}
                    </Button>
                  }
                >
                  {t('devices.noMatchText')}
                </Empty>
              </Paper>
            )
          }
          if (rows.length === 0) {
            return (
              <Paper>
                <Empty icon="devices" title={t('devices.none')} action={enrol}>
                  {t('devices.noneText')}
                </Empty>
              </Paper>
            )
          }
          return (
            <>
              <DeviceTable rows={rows} busy={list.isPlaceholderData} {...(maySend ? { selection } : {})} />
              <Text size="xs" c="dimmed" mt="sm" role="status">
                {list.hasNextPage ? tn('devices.shownOfMore', rows.length) : tn('devices.shown', rows.length)}
              </Text>
              <More query={list} />
              <BulkBar
                selection={selection}
                filters={filters}
                rows={rows.map((row) => row.id)}
                more={list.hasNextPage}
              />
            </>
          )
        }}
      </Shown>
    </>
  )
}
