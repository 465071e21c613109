/** Wire ids: what a device gets and sends back. `o<channel>-<activity>` in base 36; other parts of a turn have letters of their own. */

/** Stable over redelivery; unique in the installation, for activity numbers are never given twice. */
export function operationWireId(channel: number, activity: number): string {
  return `o${channel.toString(36)}-${activity.toString(36)}`
}

const form = /^o([1-9a-z][0-9a-z]{0,9})-([1-9a-z][0-9a-z]{0,9})$/

/** undefined for an id that is not an operation's. Only the form that we write is read. */
export function readOperationWireId(id: string): { channel: number; activity: number } | undefined {
  const m = form.exec(id)
  if (!m) return undefined
  const channel = Number.parseInt(m[1] ?? '', 36)
  const activity = Number.parseInt(m[2] ?? '', 36)
  return Number.isSafeInteger(channel) && Number.isSafeInteger(activity) ? { channel, activity } : undefined
}
