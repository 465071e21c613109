/** Commands that are written once for many: the same text as each by itself, of nothing but what the row says that it looks at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChannelDetail, Delivery, Json, JsonObject, OperationRow, PlatformHost } from '@muster/contract'
import { sampleChannel, sampleSecrets } from '@muster/contract/testing'
import { writeXmlPlist } from '@muster/kit/plist'
import fc from 'fast-check'
import { apple } from '../index.ts'
import { toDict } from '../wire/index.ts'
import { createEncode, createPlainCommands, replyReader } from './index.ts'

const rows = Object.entries(apple.rows({}).operations).flatMap(([id, all]) => all.map((row) => [id, row] as const))
const encode = createEncode({
  host: {} as PlatformHost,
  names: async () => ({ prefix: 'org.example', organisation: 'Example' }),
  errands: {},
})
const factNames = [
  'os.name',
  'os.version',
  'apple.supervised',
  'apple.enrollmentId',
  'apple.sharedIpad',
  'apple.lostMode',
  'apple.erasePin',
]
const anyFacts = fc.dictionary(
  fc.constantFrom(...factNames),
  fc.oneof(fc.boolean(), fc.constantFrom('iOS', 'iPadOS', 'macOS', 'tvOS', 'watchOS', '9.0', '18.1', 'E', '')),
) as fc.Arbitrary<JsonObject>

/** A channel that notes which facts are looked at; whoever looks at more than facts and the head fails. */
function watched(row: OperationRow, facts: JsonObject) {
  const looked = new Set<string>()
  const seen = new Proxy(facts, {
    get: (of, name) => {
      if (typeof name === 'string') looked.add(name)
      return Reflect.get(of, name) as unknown
    },
  })
  const refuse = () => assert.fail('more than the head was looked at')
  const {
    facts: _,
    variables,
    push,
    state,
    ...head
  } = sampleChannel({ platform: 'apple', name: row.channel === 'user' ? 'user:501' : 'device' })
  const channel = Object.defineProperties(
    { ...head, facts: seen },
    { variables: { get: refuse }, push: { get: refuse }, state: { get: refuse } },
  )
  return { channel: channel as ChannelDetail, looked }
}
const delivery = (
  operation: string,
  row: OperationRow,
  o: { channel: ChannelDetail; params: JsonObject },
): Delivery => ({
  kind: 'operation',
  id: 'o12-7z',
  attempt: 1,
  deadline: '2030-01-01T00:00:00Z',
  operation,
  row,
  secrets: {},
  ...o,
})

test('a row looks at no other facts than it says', () => {
  const some = rows.filter(([, row]) => row.looks)
  assert.ok(some.length > 60, `${some.length} rows say so`)
  fc.assert(
    fc.property(anyFacts, (facts) => {
      for (const [id, row] of some) {
        const { channel, looked } = watched(row, facts)
        row.when?.(channel)
        for (const e of row.examples) row.to(e.in, channel, sampleSecrets(row.needs, e.in))
        for (const name of looked) assert.ok(row.looks?.includes(name), `${id} looks at ${name}`)
      }
    }),
    { numRuns: 60 },
  )
})

test('what is written once is what each would be written by itself', async () => {
  const plain = createPlainCommands()
  let n = 0
  for (const [id, row] of rows)
    for (const e of row.examples)
      for (const facts of [{}, { 'os.name': 'macOS' }].map((f): JsonObject => Object.freeze(f as JsonObject))) {
        const d = delivery(id, row, { channel: sampleChannel({ platform: 'apple', facts }), params: e.in })
        const made = plain(d)
        if (!made) continue
        n += 1
        const { command, more } = await encode(d)
        assert.equal(
          made.before + d.id + made.after,
          writeXmlPlist({ CommandUUID: d.id, Command: toDict(command) }),
          id,
        )
        assert.deepEqual([made.type, more], [command.RequestType, undefined])
        assert.equal(plain(d), made, 'remembered')
      }
  assert.ok(n > 100, `${n} were written`)
})

test('what takes more is left to others: secrets, marks, passwords, profiles, later rounds', () => {
  const plain = createPlainCommands()
  const left = [
    'device.passcode.clear',
    'apple.filevault.rotate',
    'apple.recovery-lock.set',
    'apple.admin-password.set',
    'device.disenrol',
    'device.wipe-corporate',
    'device.inventory',
  ]
  for (const [id, row] of rows) {
    if (!left.includes(id)) continue
    left.splice(left.indexOf(id), 1)
    const channel = sampleChannel({ platform: 'apple' })
    assert.equal(plain(delivery(id, row, { channel, params: row.examples[0]?.in ?? {} })), undefined, id)
  }
  const known = new Set(rows.map(([id]) => id))
  assert.deepEqual(
    left.filter((id) => known.has(id)),
    [],
  )
  const [lock] = apple.rows({}).operations['device.lock'] ?? []
  assert.ok(lock)
  const d = delivery('device.lock', lock, { channel: sampleChannel({ platform: 'apple' }), params: {} })
  assert.ok(plain(d))
  assert.equal(plain({ ...d, kept: { step: 1 } } as Delivery), undefined)
})

test('what a row makes of a bare acknowledgement is the same whoever gives it', () => {
  for (const [id, row] of rows) {
    const read = replyReader(row)
    if (!read) continue
    const said = (more: JsonObject): Json => ({ Status: 'Acknowledged', RequestType: 'X', ...more })
    const bare = read(said({ CommandUUID: 'o1-1' }))
    for (const more of [
      { CommandUUID: 'ozz-9', UDID: 'U' },
      { CommandUUID: 'o1-2', EnrollmentID: 'E' },
    ])
      assert.deepEqual(read(said(more as unknown as JsonObject)), bare, id)
  }
})
