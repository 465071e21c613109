/** The devices an operation cannot be sent to, by reason. */
import { Alert, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from 'react-router'
import type { DeviceSummary, Page, Refused } from '../../api/index.ts'
import { named, t, tn } from '../../text/index.ts'
import { Icon } from '../../ui/index.ts'
import classes from './send.module.css'

const atMost = 12

export function LeftOut({ refused }: { refused: readonly Refused[] }) {
  const names = useKnownNames()
  if (refused.length === 0) return null
  const reasons = Map.groupBy(refused, (one) => named('refusal', one.code, one.text))
  return (
    <Alert
      color="orange"
      variant="outline"
      icon={<Icon name="alert" />}
      title={tn('activity.refused', refused.length)}
      role="status"
    >
      <ul className={classes.reasons}>
        {[...reasons].map(([reason, devices]) => (
          <li key={reason}>
            <Text size="sm" fw={600}>
              {reason}
            </Text>
            <Text size="sm">
              {devices.slice(0, atMost).map(({ device }, i) => (
                <span key={device}>
                  {i > 0 && ', '}
                  <Link to={`/devices/${encodeURIComponent(device)}`}>{names.get(device) ?? device}</Link>
                </span>
              ))}
              {devices.length > atMost && ` ${t('send.andMore', { n: devices.length - atMost })}`}
            </Text>
          </li>
        ))}
      </ul>
    </Alert>
  )
}

/** Names of the devices that some list has shown; the server names those it leaves out by id. */
function useKnownNames(): ReadonlyMap<string, string> {
  const read = useQueryClient().getQueriesData<Partial<Page<DeviceSummary>>>({ queryKey: ['devices'] })
  return new Map(
    read.flatMap(([, page]) => (page?.items ?? []).map((device) => [device.id, device.name || device.id] as const)),
  )
}
