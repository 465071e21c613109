/** PCs tell little by themselves: each is asked for its inventory now and then, spread over the time between. */
import type { OpenPlatform, PlatformHost } from '@muster/contract'

type Job = NonNullable<OpenPlatform['jobs']>[number]
const slotS = 600
/** Identities that end within so many seconds: all. */
const everS = 100 * 365 * 86_400

const slots = (hours: number) => Math.max(1, Math.floor((hours * 3600) / slotS))
/** Which of the slots between two inventories is a channel's own. */
export const slotOf = (channel: number, hours: number): number => channel % slots(hours)

export function inventoryJob(host: PlatformHost, hours: number): Job {
  async function run(signal: AbortSignal): Promise<void> {
    const now = Math.floor(host.clock.now().getTime() / 1000 / slotS) % slots(hours)
    let beyond = 0
    for (;;) {
      const known = await host.certificates.ending(everS, beyond)
      for (const { channel: c } of known) {
        if (signal.aborted) return
        beyond = c.no
        if (c.name !== 'device' || c.lifecycle !== 'active' || slotOf(c.no, hours) !== now) continue
        await host.errand(c, 'inventory', { step: 0 }, 'inventory')
      }
      if (known.length === 0) return
    }
  }
  return { name: 'inventories', everyS: slotS, run }
}
