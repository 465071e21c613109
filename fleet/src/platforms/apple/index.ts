/** Simulated Apple devices: they enrol by profile and SCEP, and obey Apple's own MDM protocol. */
import type { FleetPlatform } from '../../platform.ts'
import { createRandom, keyOf } from '../../random.ts'
import { refusalOf } from '../../refused.ts'
import { createAppleDevice } from './device.ts'
import { type Model, modelOf } from './model.ts'
import { features, operations } from './words.ts'

export { type AccountHolder, accountCode } from './account.ts'
export { automatedCode, type OutOfTheBox } from './automated.ts'

/** Which device of a seed it is, before it has come in. */
export function appleModel(seed: string, no: number): Pick<Model, 'serial' | 'family' | 'name' | 'product'> {
  const { serial, family, name, product } = modelOf(createRandom(keyOf(seed, no)), no)
  return { serial, family, name, product }
}

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
