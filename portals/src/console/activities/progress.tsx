/** How far an activity is: its devices by state, as one bar and in words. */
import { Group, Progress, Stack, Text } from '@mantine/core'
import type { Activity } from '../../api/index.ts'
import { named, t } from '../../text/index.ts'
import { stateColor } from '../../ui/index.ts'

const order = [
  'completed',
  'failed',
  'expired',
  'cancelled',
  'superseded',
  'acknowledged',
  'sent',
  'deferred',
  'pending',
  'held',
]

export function ActivityProgress({ activity, words = false }: { activity: Activity; words?: boolean }) {
  const parts = Object.entries(activity.counts)
    .filter(([, n]) => n > 0)
    .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
  const all = Math.max(1, activity.targets)
  const settled = parts
    .filter(([state]) => order.indexOf(state) >= 0 && order.indexOf(state) < 5)
    .reduce((sum, [, n]) => sum + n, 0)
  const label = t('activity.progress', { done: settled, all: activity.targets })
  return (
    <Stack gap={6}>
      <Progress.Root size={8} aria-hidden="true">
        {parts.map(([state, n]) => (
          <Progress.Section key={state} value={(100 * n) / all} color={stateColor(state)} withAria={false} />
        ))}
      </Progress.Root>
      <Group gap="md">
        <Text size="xs" c="dimmed">
          {label}
        </Text>
        {words &&
          parts.map(([state, n]) => (
            <Text key={state} size="xs">
              {t('activity.part', { state: named('state', state), n })}
            </Text>
          ))}
      </Group>
    </Stack>
  )
}
