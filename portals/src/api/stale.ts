/** What an event of the live stream means for what was read before. Pure. */

import type { EventType } from './model.ts'

export interface LiveEvent {
  type: string
  data: Readonly<Record<string, unknown>>
}

/** Which cached reads an event makes stale: every type the server tells. A key marks everything below it. */
const touches: Readonly<Record<EventType, readonly string[]>> = {
  'device.enrolled': ['devices', 'summary', 'invitations', 'groups', 'users', 'certificates', 'audit', 'device'],
  'device.changed': ['devices', 'summary', 'groups', 'audit', 'device'],
  'device.removed': ['devices', 'summary', 'groups', 'users', 'certificates', 'alerts', 'audit', 'device'],
  'device.blocked': ['devices', 'audit', 'device'],
  'device.reported': ['devices', 'summary', 'device'],
  'device.event': ['device', 'alerts'],
  'activity.created': ['activities', 'activity', 'devices', 'summary', 'audit', 'device'],
  'activity.cancelled': ['activities', 'activity', 'devices', 'summary', 'audit', 'device'],
  'operations.changed': ['activities', 'activity', 'devices', 'device', 'summary'],
  'policy.changed': ['policies', 'policy', 'audit', 'device'],
  'settings.changed': ['device'],
  'compliance.changed': ['devices', 'summary', 'device'],
  'approval.changed': ['approvals', 'activities', 'activity', 'audit', 'device'],
  'alert.acknowledged': ['alerts', 'audit'],
  'installation.event': ['alerts'],
  'invitation.changed': ['invitations', 'audit'],
  'group.changed': ['groups', 'devices', 'audit', 'device'],
  'user.changed': ['users', 'roles', 'session', 'audit'],
  'role.changed': ['roles', 'users', 'session', 'audit'],
  'client.changed': ['clients', 'audit'],
  'configuration.changed': ['about', 'catalog', 'configuration', 'audit'],
  'query.changed': ['queries', 'audit'],
  'webhook.changed': ['webhooks', 'audit'],
  'recovery.changed': ['recovery', 'audit'],
  'platform.changed': ['platform-setup', 'audit'],
}

/** Events worth listening to: the stream names each by its type. */
export const eventTypes = Object.keys(touches) as readonly EventType[]

/** What a page looks at anew when the stream was interrupted; what hardly ever changes is left. */
export const watchedKeys: readonly string[] = [...new Set(Object.values(touches).flat())].filter(
  (key) => !['about', 'catalog', 'session'].includes(key),
)

/** Cached reads that an event leaves stale; device reads are narrowed to the devices it names. */
export function staleKeys(event: LiveEvent): string[][] {
  const named = devicesOf(event.data)
  return ((touches as Readonly<Record<string, readonly string[]>>)[event.type] ?? []).flatMap((key) =>
    key === 'device' && named !== undefined ? named.map((device) => ['device', device]) : [[key]],
  )
}

function devicesOf(data: Readonly<Record<string, unknown>>): string[] | undefined {
  if (typeof data.device === 'string') return [data.device]
  if (Array.isArray(data.devices)) return data.devices.map(String)
  return undefined
}
