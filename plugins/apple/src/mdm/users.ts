/** Which channel a message is of: the device's own, or one for each user that signs in on it. */
import type { Channel, PlatformHost } from '@muster/contract'
import type { Sender } from './message.ts'

/** By host: what was looked up a moment ago is not looked up again. */
const kept = new WeakMap<PlatformHost, Map<string, Channel>>()
const limit = 50_000

/** Undefined when the sender names another device than the one whose identity speaks, or a user that is not known yet. `make`: a new user channel may be opened. */
export async function channelOf(
  host: PlatformHost,
  device: Channel,
  sender: Sender,
  make: boolean,
): Promise<Channel | undefined> {
  const { facts } = await host.detail(device)
  const named =
    sender.udid !== undefined
      ? facts['apple.udid'] === sender.udid
      : facts['apple.enrollmentId'] === sender.enrollmentId
  if (!named) return undefined
  if (!sender.user) return device
  const channels = kept.get(host) ?? new Map<string, Channel>()
  kept.set(host, channels)
  const key = `${device.no} ${sender.user.id}`
  const known = channels.get(key)
  if (known && !make) return known
  const found = await host.channel(device, `user:${sender.user.id}`, {})
  if (channels.size >= limit) channels.clear()
  channels.set(key, found)
  return found
}
