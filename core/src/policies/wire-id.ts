/** The ids that travel to a device and back: `s<channel>-<delivery>` for one setting, `d<channel>-<set>` for a whole document, all base 36. */

export type SettingId =
  | { readonly kind: 'setting'; readonly channel: number; readonly delivery: number }
  | { readonly kind: 'document'; readonly channel: number; readonly set: number }

export function settingId(channel: number, delivery: number): string {
  return `s${channel.toString(36)}-${delivery.toString(36)}`
}

export function documentId(channel: number, set: number): string {
  return `d${channel.toString(36)}-${set.toString(36)}`
}

const form = /^([sd])([0-9a-z]{1,11})-([0-9a-z]{1,11})$/

/** What an id says, or undefined when it is not one of ours. Only the form that we write is read: no leading zeros, nothing past 2^53. */
export function parseSettingId(id: string): SettingId | undefined {
  const found = form.exec(id)
  if (!found) return undefined
  const channel = number36(found[2] ?? '')
  const no = number36(found[3] ?? '')
  if (channel === undefined || no === undefined) return undefined
  return found[1] === 's' ? { kind: 'setting', channel, delivery: no } : { kind: 'document', channel, set: no }
}

/** True for an id that settings answer to, false for those of operations. */
export function isSettingId(id: string): boolean {
  return parseSettingId(id) !== undefined
}

function number36(text: string): number | undefined {
  const n = Number.parseInt(text, 36)
  return Number.isSafeInteger(n) && n.toString(36) === text ? n : undefined
}
