/** Each word of Android's Google channel through a real core, by the suite that every platform passes. The agent's channel passes it beside its own. */
import assert from 'node:assert/strict'
import { deviceDisenrol, deviceWipeCorporate, type JsonObject, type Platform, type Reason } from '@muster/contract'
import { conformance } from '@muster/contract/testing'
import { createHarness } from '@muster/core/testing'
import { installedPlatforms } from '@muster/server'

const android = installedPlatforms.find((p) => p.id === 'android')
assert.ok(android, 'Android is not installed')

/** Only what has a half of its own can be given back to its user. */
const halves: readonly string[] = [deviceDisenrol.id, deviceWipeCorporate.id]
/** What Google asks of personal devices alone. */
const personal: readonly string[] = ['android.esim.identify']
const facts = (id: string): JsonObject => ({
  'android.mode': [...halves, ...personal].includes(id) ? 'profile-owner' : 'device-owner',
  'android.companyOwned': !personal.includes(id),
  'android.apiLevel': 35,
})
const onlyGoogle = <R extends { channel: string; never?: Reason }>(
  all: Readonly<Record<string, readonly R[]>>,
): Record<string, R[]> =>
  Object.fromEntries(
    Object.entries(all).flatMap(([id, rows]) => {
      const mine = rows.filter((r) => r.channel === 'device' && !r.never).slice(0, 1)
      return mine.length > 0 ? [[id, mine]] : []
    }),
  )
const rows = android.rows({})
const google: Platform = {
  ...android,
  describe: (settings) => {
    const all = android.describe(settings)
    const has = (of: object) => (d: { id: string }) => Object.hasOwn(of, d.id)
    return {
      ...all,
      operations: all.operations.filter(has(onlyGoogle(rows.operations))),
      features: all.features.filter(has(onlyGoogle(rows.features))),
    }
  },
  rows: () => ({ operations: onlyGoogle(rows.operations), features: onlyGoogle(rows.features) }),
}

conformance(google, createHarness({ owned: true }), { facts })
