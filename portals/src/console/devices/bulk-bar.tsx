/** What is chosen in the list, and what may be done with it; stays in sight while one scrolls. */
import { Button, Group, Paper, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { DeviceFilters, Target } from '../../api/index.ts'
import { t, tn } from '../../text/index.ts'
import { Icon } from '../../ui/index.ts'
import { SendDialog } from '../send/index.ts'
import classes from './devices.module.css'
import { targetOf } from './filters.ts'
import type { Selection } from './selection.ts'

export function BulkBar({
  selection,
  filters,
  rows,
  more,
}: {
  selection: Selection
  filters: DeviceFilters
  /** Ids of the rows on the page. */
  rows: readonly string[]
  /** There are more that match than these. */
  more: boolean
}) {
  const [opened, dialog] = useDisclosure(false)
  const { ids, all } = selection
  if (ids.size === 0 && !all) return null
  const everyRow = rows.length > 0 && rows.every((id) => ids.has(id))
  const words = all ? t('bulk.all') : tn('bulk.chosen', ids.size)
  const resolve = async (): Promise<Target> => (all ? targetOf(filters) : { devices: [...ids] })
  return (
    <Paper className={classes.bulk ?? ''} p="sm" role="region" aria-label={t('bulk.title')}>
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <Text size="sm" fw={600} role="status">
            {words}
          </Text>
          {!all && everyRow && more && (
            <Button variant="subtle" size="xs" onClick={selection.chooseAll}>
              {t('bulk.chooseAll')}
            </Button>
          )}
        </Group>
        <Group gap="sm">
          <Button variant="subtle" color="gray" size="xs" onClick={selection.clear}>
            {t('bulk.clear')}
          </Button>
          <Button size="xs" leftSection={<Icon name="send" size={14} />} onClick={dialog.open}>
            {t('bulk.send')}
          </Button>
        </Group>
      </Group>
      <SendDialog opened={opened} onClose={dialog.close} to={words} resolve={resolve} />
    </Paper>
  )
}
