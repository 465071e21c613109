/** Operations on the short way: of nothing but what the row says that it looks at, the same work and the same readings as by the long way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChannelDetail, Delivery, Json, JsonObject, OperationRow } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import fc from 'fast-check'
import { operationRows, plainWork, readerOf } from './index.ts'

const rows = Object.entries(operationRows).flatMap(([id, all]) => all.map((row) => [id, row] as const))
const anyFacts = fc.record(
  {
    'os.version': fc.constantFrom('10.0.22631.4317', '10.0.10240', '9', ''),
    'windows.csp': fc.oneof(
      fc.constant('none'),
      fc.dictionary(fc.constantFrom('RemoteLock', 'RemoteWipe', 'Reboot', 'Defender', 'CleanPC'), fc.constant('1.0')),
    ),
    'windows.edition': fc.constant('Pro'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>

/** A channel that notes which facts are looked at; whoever looks at more than facts and the head fails. */
function watched(facts: JsonObject, ownership: 'byod' | 'cope') {
  const looked = new Set<string>()
  const seen = new Proxy(facts, {
    get: (of, name) => {
      if (typeof name === 'string') looked.add(name)
      return Reflect.get(of, name) as unknown
    },
  })
  const refuse = () => assert.fail('more than the head was looked at')
  const { facts: _, variables, push, state, ...head } = sampleChannel({ platform: 'windows' })
  const channel = Object.defineProperties(
    { ...head, ownership, facts: seen },
    { variables: { get: refuse }, push: { get: refuse }, state: { get: refuse } },
  )
  return { channel: channel as ChannelDetail, looked }
}
const nobody = new Proxy({} as ChannelDetail, { get: () => assert.fail('the device was looked at') })
const delivery = (operation: string, row: OperationRow, params: JsonObject, kept?: Json): Delivery => ({
  kind: 'operation',
  id: 'o12-7z',
  attempt: 1,
  deadline: '2030-01-01T00:00:00Z',
  operation,
  row,
  params,
  secrets: {},
  channel: sampleChannel({ platform: 'windows' }),
  ...(kept !== undefined && { kept }),
})

test('a row looks at no other facts than it says', () => {
  const some = rows.filter(([, row]) => row.looks)
  assert.ok(some.length > 15, `${some.length} rows say so`)
  fc.assert(
    fc.property(anyFacts, fc.constantFrom('byod' as const, 'cope' as const), (facts, ownership) => {
      for (const [id, row] of some) {
        const { channel, looked } = watched(facts, ownership)
        row.when?.(channel)
        for (const e of row.examples) row.to(e.in, channel, {})
        for (const name of looked) assert.ok(row.looks?.includes(name), `${id} looks at ${name}`)
      }
    }),
    { numRuns: 60 },
  )
})

test('what is written once for all is what each would be written by itself, and its answers are read without a look at the device', () => {
  let written = 0
  let readings = 0
  for (const [id, row] of rows) {
    const read = readerOf(row)
    for (const e of row.examples) {
      if (e.kept !== undefined) continue
      const d = delivery(id, row, e.in)
      const work = plainWork(d)
      if (work) {
        written += 1
        assert.deepEqual(work, row.to(e.in, d.channel, {}), id)
        assert.deepEqual(plainWork({ ...d, channel: nobody } as Delivery), work, id)
      }
      for (const { reply, outcome } of e.replies ?? []) {
        if (!read) continue
        readings += 1
        assert.deepEqual(read(reply), outcome, id)
      }
    }
  }
  assert.ok(written > 20, `${written} were written`)
  assert.ok(readings > 30, `${readings} answers were read`)
})

test('locking, restarting, wiping and their like are plain; rounds, what is told later, and what names the device are not', () => {
  const plain = (id: string) => {
    const row = operationRows[id]?.[0]
    assert.ok(row, id)
    return plainWork(delivery(id, row, row.examples[0]?.in ?? {})) !== undefined
  }
  for (const id of [
    'device.lock',
    'device.ring',
    'device.reboot',
    'device.wipe',
    'device.wipe.corporate',
    'device.disenrol',
    'device.rename',
    'windows.defender.scan',
    'windows.laps.reset-password',
    'windows.app.remove',
    'windows.update.approve',
    'windows.csp',
  ])
    assert.equal(plain(id), true, id)
  for (const id of [
    'device.inventory',
    'device.locate',
    'windows.msi.install',
    'windows.app.install',
    'windows.logs.collect',
    'windows.bitlocker.rotate-keys',
  ])
    assert.equal(plain(id), false, id)
  const [lock] = operationRows['device.lock'] ?? []
  assert.ok(lock)
  assert.equal(plainWork(delivery('device.lock', lock, {}, { step: 1 })), undefined)
  // What cannot be written is told of by who writes all others.
  const [rename] = operationRows['device.rename'] ?? []
  assert.ok(rename)
  assert.equal(plainWork(delivery('device.rename', rename, { name: '12345' })), undefined)
})
