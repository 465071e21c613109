/** Android's words, tables and rows pass the suite that every platform passes. */
import { deviceDisenrol, deviceWipeCorporate, type JsonObject } from '@muster/contract'
import { conformance } from '@muster/contract/testing'
import { android } from './index.ts'

/** Only what has a half of its own can be given back to its user. */
const halves: readonly string[] = [deviceDisenrol.id, deviceWipeCorporate.id]
const facts = (id: string): JsonObject => ({
  'android.mode': halves.includes(id) ? 'profile-owner' : 'device-owner',
  'android.companyOwned': true,
  'android.apiLevel': 35,
})

conformance(android, undefined, { facts })
