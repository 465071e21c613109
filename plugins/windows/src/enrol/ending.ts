/** Windows renews its identity by itself, from 45 days before its end. Where that did not happen, somebody is told while there is still time. */
import type { DeviceEventDescriptor, OpenPlatform, PlatformHost } from '@muster/contract'

/** Said each day of a device whose identity ends within a week. */
export const endingEvent: DeviceEventDescriptor = {
  id: 'windows.identity-ending',
  title: 'The identity ends soon and was not renewed',
  severity: 'warning',
}
const dayS = 86_400
const alarmS = 7 * dayS
const page = 1000

export function endingJob(host: PlatformHost): NonNullable<OpenPlatform['jobs']>[number] {
  async function run(signal: AbortSignal): Promise<void> {
    let beyond = 0
    for (;;) {
      const ending = await host.certificates.ending(alarmS, beyond)
      for (const { channel, notAfter } of ending) {
        if (signal.aborted) return
        beyond = channel.no
        const data = { notAfter: notAfter.toISOString() }
        const at = host.clock.now().toISOString()
        if (channel.lifecycle === 'active')
          await host.turn(channel, { take: 0, events: [{ type: endingEvent.id, at, data }] })
      }
      if (ending.length < page) return
    }
  }
  return { name: 'identities', everyS: dayS, run }
}
