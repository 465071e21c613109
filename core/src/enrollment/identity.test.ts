/** When two sets of identifiers are one device, and which values name none. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Identifier, meaningful, sameDevice } from './identity.ts'

const i = (text: string): Identifier[] =>
  text.split(' ').map((p) => {
    const [kind, value] = p.split('=')
    return { kind, value } as Identifier
  })
const known = (...texts: string[]) => texts.map((t, n) => ({ device: n + 1, identifiers: i(t) }))

test('the strongest shared identifier decides', () => {
  assert.equal(sameDevice(i('serial=A machine-id=m2'), known('machine-id=m2', 'serial=A machine-id=m1')), 2)
  assert.equal(sameDevice(i('machine-id=m1'), known('serial=A machine-id=m1')), 1)
  assert.equal(sameDevice(i('imei=1'), known('imei=1 imei=2')), 1)
  assert.equal(sameDevice(i('serial=B'), known('serial=A')), undefined)
})

test('a clone keeps the machine id of its original and is another device', () => {
  assert.equal(sameDevice(i('serial=B machine-id=m1'), known('serial=A machine-id=m1')), undefined)
})

test('what wanders between devices never decides', () => {
  assert.equal(sameDevice(i('mac=aa phone=1 iccid=2 imsi=3'), known('mac=aa phone=1 iccid=2 imsi=3')), undefined)
})

test('placeholders and empty values are dropped', () => {
  const serial = (value: string): Identifier => ({ kind: 'serial', value })
  const junk = [
    'To Be Filled By O.E.M.',
    'System Serial Number',
    '0',
    '00000000',
    '000-000',
    'None',
    ' ',
    'ffffffff',
    'Default string',
    'X',
  ]
  assert.deepEqual(meaningful(junk.map(serial)), [])
  assert.deepEqual(meaningful([serial(' PF2ABC '), serial('PF2ABC')]), [serial('PF2ABC')])
})
