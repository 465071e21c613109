/** The page of the list one is on, and the way to the others: however long the list is, only one page of it is there. */
import { Button, Group, Text } from '@mantine/core'
import { formatNumber, t, tn } from '../../text/index.ts'
import { Icon } from '../../ui/index.ts'
import type { Place } from './filters.ts'

export function Pager({ place, shown, next }: { place: Place; shown: number; next: string | undefined }) {
  const { cursor, from } = place
  const whole = cursor === undefined && next === undefined
  return (
    <Group justify="space-between" mt="sm" component="nav" aria-label={t('devices.pages')}>
      <Text size="xs" c="dimmed" role="status">
        {whole
          ? tn('devices.shown', shown)
          : t('devices.rows', { from: formatNumber(from), to: formatNumber(from + shown - 1) })}
      </Text>
      {!whole && (
        <Group gap="xs">
          {cursor !== undefined && (
            <>
              <Button variant="subtle" color="gray" size="xs" onClick={place.first}>
                {t('devices.first')}
              </Button>
              <Button variant="default" size="xs" onClick={place.back}>
                {t('devices.previous')}
              </Button>
            </>
          )}
          <Button
            variant="default"
            size="xs"
            disabled={next === undefined}
            rightSection={<Icon name="right" size={14} />}
            onClick={() => next !== undefined && place.forward(next, shown)}
          >
            {t('devices.next')}
          </Button>
        </Group>
      )}
    </Group>
  )
}
