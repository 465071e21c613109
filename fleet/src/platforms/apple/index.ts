/** Simulated Apple devices: they enrol by profile and SCEP, and obey Apple's own MDM protocol. */
import type { FleetPlatform } from '../../platform.ts'
import { refusalOf } from '../../refused.ts'
import { createAppleDevice } from './device.ts'
import { features, operations } from './words.ts'

export { type AccountHolder, accountCode } from './account.ts'

export const apple: FleetPlatform = {
  id: 'apple',
  words: { operations, features },
  async open(ground) {
    // Any SCEP client asks this first; it also tells that the server has this platform.
    const answer = await ground.send({ kind: 'scep', method: 'GET', path: 'apple/scep?operation=GetCACaps' })
    if (answer.status !== 200) throw refusalOf(answer)
    return { device: (member, kept) => createAppleDevice(ground, member, kept) }
  },
}
