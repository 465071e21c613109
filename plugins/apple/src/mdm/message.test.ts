/** Messages: what devices say is told apart, and nothing that anybody sends does any harm. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PlistDict, writeXmlPlist } from '@muster/kit/plist'
import fc from 'fast-check'
import { checkinTypes, MessageError, readMessage, statuses } from './message.ts'
import { proofOf } from './proof.ts'

const xml = (m: PlistDict) => Buffer.from(writeXmlPlist(m))

test('check-ins and reports, of devices, users, shared iPads and user enrolments', () => {
  assert.deepEqual(readMessage(xml({ MessageType: 'CheckOut', UDID: 'U' })), {
    kind: 'checkin',
    type: 'CheckOut',
    sender: { udid: 'U', enrollmentId: undefined, user: undefined },
    body: { MessageType: 'CheckOut', UDID: 'U' },
  })
  const user = readMessage(xml({ Status: 'Idle', UDID: 'U', UserID: '501', UserShortName: 'ada' }))
  assert.deepEqual(user.sender.user, { id: '501', shortName: 'ada', longName: undefined })
  const everybody = 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'
  const shared = readMessage(xml({ Status: 'Idle', UDID: 'U', UserID: everybody, UserShortName: 'pupil@x' }))
  assert.equal(shared.sender.user?.id, 'pupil@x')
  const own = readMessage(xml({ Status: 'Idle', EnrollmentID: 'E', EnrollmentUserID: 'EU' }))
  assert.deepEqual([own.sender.enrollmentId, own.sender.user?.id], ['E', 'EU'])
  const report = readMessage(xml({ Status: 'NotNow', UDID: 'U', CommandUUID: 'o1-1' }))
  assert.ok(report.kind === 'report' && report.status === 'NotNow' && report.command === 'o1-1')
})

const anyPlist = fc.letrec<{ value: PlistDict[string] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }) as fc.Arbitrary<PlistDict>,
  ),
})).value
const keys = ['MessageType', 'Status', 'UDID', 'EnrollmentID', 'UserID', 'UserShortName', 'CommandUUID', 'Token']
const words = fc.constantFrom(...checkinTypes, ...statuses, 'U', '')

test('any property list is a message or refused', () => {
  const message = fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), fc.oneof(words, anyPlist), {
    maxKeys: 8,
  })
  fc.assert(
    fc.property(message, (m) => {
      let body: Buffer
      try {
        body = xml(m as PlistDict)
      } catch {
        return // letters that no XML can hold
      }
      assertTotal(body)
    }),
    { numRuns: 500 },
  )
})

test('any bytes, and any change of a true message, are a message or refused', () => {
  const whole = xml({
    Status: 'Acknowledged',
    UDID: 'U',
    CommandUUID: 'o1-1',
    QueryResponses: { DeviceName: 'A', N: 5 },
  })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), assertTotal), { numRuns: 300 })
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(40), (at, byte, cut) => {
      const changed = Buffer.from(whole)
      changed[at] = byte
      assertTotal(changed.subarray(0, changed.length - cut))
    }),
    { numRuns: 500 },
  )
})

test('any header is a proof of nothing', () => {
  const body = xml({ Status: 'Idle', UDID: 'U' })
  const base = { method: 'PUT', path: '/mdm', query: '', remote: '', signal: AbortSignal.abort(), body }
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String({ maxLength: 400 })), (header) => {
      assert.ok('missing' in proofOf({ ...base, headers: { 'mdm-signature': header } }))
    }),
    { numRuns: 500 },
  )
  assert.deepEqual(proofOf({ ...base, headers: {} }), { missing: 'none' })
})

function assertTotal(bytes: Uint8Array): void {
  try {
    const m = readMessage(bytes)
    assert.ok(m.sender.udid || m.sender.enrollmentId)
  } catch (e) {
    assert.ok(e instanceof MessageError, String(e))
  }
}
