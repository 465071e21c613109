/** Which channel a message is of: the device's own, or one for each user that signs in on it. */
import type { Channel, PlatformHost } from '@muster/contract'
import type { Sender } from './message.ts'

/** What a device calls itself never changes within an enrolment; whose channels it has is looked up once and again. */
interface Known {
  udid?: string
  enrollmentId?: string
  topic?: string
  users: Map<string, Channel>
}
const limit = 50_000

export interface Channels {
  /**
   * Undefined when the sender names another device than the one whose identity speaks, or a user of whom no TokenUpdate told.
   * `make`: the user's channel is opened if there is none.
   */
  of(device: Channel, sender: Sender, make: boolean): Promise<Channel | undefined>
  /** The sender is this device itself, as is known from before. false: `of` tells. */
  isOwn(device: Channel, sender: Sender): boolean
  /** The push topic that the device enrolled with, where `of` was asked before. */
  topicOf(device: Channel): string | undefined
}

export function createChannels(host: PlatformHost): Channels {
  const devices = new Map<number, Known>()

  async function known(device: Channel): Promise<Known> {
    const there = devices.get(device.no)
    if (there) return there
    const { facts } = await host.detail(device)
    const text = (fact: string) => (typeof facts[fact] === 'string' ? facts[fact] : undefined)
    const found: Known = {
      udid: text('apple.udid'),
      enrollmentId: text('apple.enrollmentId'),
      topic: text('apple.topic'),
      users: new Map(),
    }
    if (devices.size >= limit) for (const old of [...devices.keys()].slice(0, limit / 10)) devices.delete(old)
    devices.set(device.no, found)
    return found
  }

  const isNamed = (own: Known, sender: Sender) =>
    sender.udid === undefined ? own.enrollmentId === sender.enrollmentId : own.udid === sender.udid

  return {
    isOwn: (device, sender) => {
      const own = devices.get(device.no)
      return own !== undefined && !sender.user && isNamed(own, sender)
    },
    topicOf: (device) => devices.get(device.no)?.topic,
    of: async (device, sender, make) => {
      const own = await known(device)
      if (!isNamed(own, sender)) return undefined
      if (!sender.user) return device
      const name = `user:${sender.user.id}`
      const there = own.users.get(name)
      if (there) return there
      const found = make
        ? await host.channel(device, name, {})
        : (await host.channels(device)).find((c) => c.name === name)
      if (found) own.users.set(name, found)
      return found
    },
  }
}
