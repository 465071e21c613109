/** What Google refuses a whole document for: each of these once took all other settings along. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { android, type FeatureRow, type JsonObject } from '@muster/contract'
import { googleDefaultApps } from './apps.ts'
import { googleApn } from './network.ts'
import { googleScreenLock } from './screen.ts'

const part = (row: FeatureRow, settings: object) =>
  row.to(settings as JsonObject, { variables: {} } as Parameters<FeatureRow['to']>[1], {}) as JsonObject

test('a lock of its own is asked of the work profile alone', () => {
  const { passwordPolicies } = part(googleScreenLock, { complexity: 'high', oneLock: false })
  const [device, profile] = passwordPolicies as JsonObject[]
  assert.deepEqual([device?.passwordScope, device?.unifiedLockSettings], ['SCOPE_DEVICE', undefined])
  assert.deepEqual(profile, { passwordScope: 'SCOPE_PROFILE', unifiedLockSettings: 'REQUIRE_SEPARATE_WORK_LOCK' })
})

test('an access point names each of its uses once', () => {
  const apn = part(googleApn, { ...android.apn.examples[0], types: ['mms', 'default', 'mms'] })
  assert.match(JSON.stringify(apn), /"apnTypes":\["MMS","DEFAULT"\]/)
})

test('default apps stand among the apps, and where Google takes them', () => {
  const p = part(googleDefaultApps, { browser: 'a.b', sms: 'a.b', launcher: 'c.d' })
  assert.deepEqual(
    (p.applications as JsonObject[]).map((a) => a.packageName),
    ['a.b', 'c.d'],
  )
  const scopes = (p.defaultApplicationSettings as JsonObject[]).map(
    (d) => (d.defaultApplicationScopes as string[]).length,
  )
  assert.deepEqual(scopes.toSorted(), [1, 1, 2])
})
