/** Sends the same operation once more, to the devices on which it failed or was not taken in time: a new activity. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { Activity, JsonObject, Target } from '../../api/index.ts'
import { tn } from '../../text/index.ts'
import { SendDialog } from '../send/index.ts'
import { useMay } from '../shell/index.ts'

const lost = ['failed', 'expired'] as const

export function Retry({ activity }: { activity: Activity }) {
  const [opened, dialog] = useDisclosure(false)
  const allowed = useMay(`operation:${activity.operation}`)
  const n = lost.reduce((sum, state) => sum + (activity.counts[state] ?? 0), 0)
  if (n === 0 || !allowed) return null
  const resolve = async (): Promise<Target> => ({ activity: activity.id, states: [...lost] })
  return (
    <>
      <Button variant="default" onClick={dialog.open}>
        {tn('activity.retry', n)}
      </Button>
      <SendDialog
        opened={opened}
        onClose={dialog.close}
        to={tn('activity.lost', n)}
        resolve={resolve}
        operation={activity.operation}
        params={unmasked(activity.params)}
      />
    </>
  )
}

/** Secrets come back as a mask: they are left out, to be typed again. */
function unmasked(params: Activity['params']): JsonObject {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return {}
  return Object.fromEntries(Object.entries(params).filter(([, value]) => !isMask(value)))
}
function isMask(value: unknown): boolean {
  return typeof value === 'string' && /^[*•]+$/.test(value)
}
