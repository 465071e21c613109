/** The live list of devices, page by page. */
import { Button, Paper } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { checkInMs, devices } from '../../api/index.ts'
import { t } from '../../text/index.ts'
import { Empty, Icon, PageHead, ProblemAlert, Shown } from '../../ui/index.ts'
import { useMay, useMaySome } from '../shell/index.ts'
import { BulkBar } from './bulk-bar.tsx'
import { DeviceTable } from './device-table.tsx'
import { FilterBar } from './filter-bar.tsx'
import { useFilters, usePlace } from './filters.ts'
import { Pager } from './pager.tsx'
import { SavedQueries } from './saved-queries.tsx'
import { useSelection } from './selection.ts'

export function DeviceListPage() {
  const { filters, set, clear, open } = useFilters()
  const place = usePlace()
  // An idle check-in raises no event, so times of contact are read anew: of the rows that are in sight.
  const list = useQuery({ ...devices.page(filters, place.cursor), refetchInterval: checkInMs })
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
      <PageHead
        title={t('devices.title')}
        actions={
          <>
            <SavedQueries filters={filters} open={open} />
            {enrol}
          </>
        }
      />
      <FilterBar filters={filters} set={set} clear={clear} />
      {list.data !== undefined && <ProblemAlert error={list.error} />}
      <Shown query={list}>
        {({ items, next }) => {
          if (items.length === 0 && (filtered || place.cursor !== undefined)) {
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
          if (items.length === 0) {
            return (
              <Paper>
                <Empty icon="devices" title={t('devices.none')} action={enrol}>
                  {t(enrol === undefined ? 'devices.noneYet' : 'devices.noneText')}
                </Empty>
              </Paper>
            )
          }
          return (
            <>
              <DeviceTable rows={items} busy={list.isPlaceholderData} {...(maySend ? { selection } : {})} />
              <Pager place={place} shown={items.length} next={next} />
            </>
          )
        }}
      </Shown>
      {/* Stays, with what is being written in its dialog, also when the last row leaves the list. */}
      <BulkBar
        selection={selection}
        filters={filters}
        rows={list.data?.items.map((row) => row.id) ?? []}
        more={list.data?.next !== undefined || place.cursor !== undefined}
      />
    </>
  )
}
