/** What an event of the live stream means for what was read before. Pure. */

export interface LiveEvent {
  type: string
  data: Readonly<Record<string, unknown>>
}

/** Which cached reads an event makes stale. A key marks everything below it. */
const touches: Readonly<Record<string, readonly string[]>> = {
  'device.enrolled': ['devices', 'summary', 'invitations', 'device'],
  'device.changed': ['devices', 'summary', 'device'],
  'device.removed': ['devices', 'summary', 'device'],
  'device.blocked': ['devices', 'device'],
  'device.reported': ['devices', 'summary', 'device'],
  'device.event': ['device', 'alerts'],
  'installation.event': ['alerts'],
  'alert.acknowledged': ['alerts'],
  'activity.created': ['activities', 'activity', 'devices', 'device', 'summary'],
  'activity.cancelled': ['activities', 'activity', 'devices', 'device', 'summary'],
  'operations.changed': ['activities', 'activity', 'devices', 'device', 'summary'],
  'policy.changed': ['policies', 'policy', 'device'],
  'settings.changed': ['device'],
  'compliance.changed': ['devices', 'summary', 'device'],
  'invitation.changed': ['invitations'],
  'group.changed': ['groups', 'device'],
  'user.changed': ['users', 'session'],
  'role.changed': ['roles', 'session'],
  'client.changed': ['clients'],
  'configuration.changed': ['about', 'catalog', 'configuration'],
}

/** Events worth listening to: the stream names each by its type. */
export const eventTypes: readonly string[] = Object.keys(touches)

/** What a page looks at anew when the stream was interrupted; what hardly ever changes is left. */
export const watchedKeys: readonly string[] = [...new Set(Object.values(touches).flat())].filter(
  (key) => !['about', 'catalog', 'session'].includes(key),
)

/** Cached reads that an event leaves stale; device reads are narrowed to the devices it names. */
export function staleKeys(event: LiveEvent): string[][] {
  const named = devicesOf(event.data)
  return (touches[event.type] ?? []).flatMap((key) =>
    key === 'device' && named !== undefined ? named.map((device) => ['device', device]) : [[key]],
  )
}

function devicesOf(data: Readonly<Record<string, unknown>>): string[] | undefined {
  if (typeof data.device === 'string') return [data.device]
  if (Array.isArray(data.devices)) return data.devices.map(String)
  return undefined
}
