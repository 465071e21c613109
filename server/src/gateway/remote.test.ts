/** One place per subscriber: however an address is written, and whichever of its /64 it uses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { placeOf } from './remote.ts'

test('IPv4 is itself, IPv6 its /64, and spelling does not matter', () => {
  assert.equal(placeOf('192.0.2.1'), '192.0.2.1')
  assert.equal(placeOf('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(placeOf('2001:db8:1:2::7'), '2001:db8:1:2::/64')
  assert.equal(placeOf('2001:DB8:1:2:3:4:5:6'), placeOf('2001:0db8:0001:0002::'))
  assert.equal(placeOf('::1'), '0:0:0:0::/64')
  assert.equal(placeOf('fe80::1%eth0'), 'fe80:0:0:0::/64')
  assert.equal(placeOf('64:ff9b::192.0.2.1'), '64:ff9b:0:0::/64')
})

test('any two addresses share a place exactly when they share 64 bits', () => {
  const group = fc.integer({ min: 0, max: 0xffff })
  fc.assert(
    fc.property(
      fc.array(group, { minLength: 8, maxLength: 8 }),
      fc.array(group, { minLength: 4, maxLength: 4 }),
      (a, tail) => {
        const text = (g: number[]) =>
          new URL(`http://[${g.map((n) => n.toString(16)).join(':')}]`).hostname.slice(1, -1)
        const b = [...a.slice(0, 4), ...tail]
        if (a.slice(0, 6).every((n) => n === 0)) return
        assert.equal(placeOf(text(a)), placeOf(text(b)))
        const other = [a[0]!, a[1]!, a[2]!, (a[3]! + 1) & 0xffff, ...a.slice(4)]
        assert.notEqual(placeOf(text(a)), placeOf(text(other)))
      },
    ),
  )
})
