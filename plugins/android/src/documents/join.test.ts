/** Parts of a document put together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@muster/contract'
import { joined } from './join.ts'

test('lists one after the other without repeats, objects member by member', () => {
  const parts: JsonObject[] = [
    { list: [1, { a: 1, b: 2 }], object: { x: 1 } },
    { list: [2, { b: 2, a: 1 }], object: { y: { z: 1 } } },
    { object: { y: { w: 2 } } },
  ]
  assert.deepEqual(joined(parts), { list: [1, { a: 1, b: 2 }, 2], object: { x: 1, y: { z: 1, w: 2 } } })
})

test('an app is named once, and of two words the stricter counts, in any order', () => {
  const forced: JsonObject = {
    applications: [{ packageName: 'a.b', installType: 'FORCE_INSTALLED', managedConfiguration: { k: 1 } }],
  }
  const blocked: JsonObject = { applications: [{ packageName: 'a.b', installType: 'BLOCKED' }, { packageName: 'c.d' }] }
  for (const parts of [
    [forced, blocked],
    [blocked, forced],
  ]) {
    const { applications } = joined(parts) as unknown as {
      applications: { packageName: string; installType?: string }[]
    }
    assert.deepEqual(
      applications.map((a) => [a.packageName, a.installType]),
      [
        ['a.b', 'BLOCKED'],
        ['c.d', undefined],
      ],
    )
  }
  const usb = (usbDataAccess: string) => ({ deviceConnectivityManagement: { usbDataAccess } })
  assert.deepEqual(
    joined([usb('DISALLOW_USB_FILE_TRANSFER'), usb('DISALLOW_USB_DATA_TRANSFER')]),
    usb('DISALLOW_USB_DATA_TRANSFER'),
  )
})
