/** Secrets within items of lists: sealed each, masked by name, kept when items move, and given to the row by their places. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type FeatureDescriptor, itemVersion, type JsonObject } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { z } from 'zod'
import type { SetFeature } from './model.ts'
import { masked, sealed, sealedBytes, unmasked, versionOf } from './sealing.ts'
import { openWorld, type TestDevice, type World } from './testing.ts'

let w: World
before(async () => {
  w = await openWorld()
})
after(() => w.close())

const done = { state: 'completed' } as const
type Item = { ssid: string; psk?: string; level?: number }
const settings = (...networks: Item[]): JsonObject => ({ networks })
const of = (networks: JsonObject) => [{ feature: 'toy.networks', settings: networks }]
const networksOf = (s: JsonObject | undefined) => (s?.networks ?? []) as unknown as Item[]
/** What a device is given: each network with its secret. */
async function given(d: TestDevice): Promise<[string, string | undefined][] | undefined> {
  const [x] = await w.take(d)
  if (!x) return undefined
  assert.ok(x.kind === 'setting')
  await w.say(d, x.id, done)
  assert.ok(!JSON.stringify(x.settings).includes('psk'))
  return networksOf(x.settings).map((n, i) => [n.ssid, x.secrets[`networks/${i}/psk`]])
}

test('an item keeps its own secret when it is moved, renamed or others go; what is not changed is not delivered anew', async () => {
  const [d] = await w.devices(1)
  assert.ok(d)
  const first = settings(
    { ssid: 'a', psk: 'secret of a' },
    { ssid: 'b', psk: 'secret of b' },
    { ssid: 'c', psk: 'secret of c' },
  )
  const no = await w.policy('networks', of(first))
  assert.deepEqual(await given(d), [
    ['a', 'secret of a'],
    ['b', 'secret of b'],
    ['c', 'secret of c'],
  ])
  const [found] = await w.db.query<{ n: number }>(
    sql`select (select count(*) from policy where draft::text like '%secret of%') + (select count(*) from policy_version where features::text like '%secret of%') + (select count(*) from set_feature where settings::text like '%secret of%') as n`,
  )
  assert.equal(found?.n, 0)
  const save = async (networks: Item[]) => {
    const { revision } = await w.policies.get(no)
    await w.policies.saveDraft(no, revision, { name: 'networks', features: of(settings(...networks)) }, 'user:test')
    await w.policies.publish(no, 'user:test')
  }
  const shown = networksOf((await w.policies.get(no)).features[0]?.settings)
  assert.ok(shown.every((n) => /^•{8} [0-9a-f]{12}$/.test(n.psk ?? '')))
  assert.equal(new Set(shown.map((n) => n.psk)).size, 3)
  const [a, b, c] = shown as [Item, Item, Item]
  await save([a, b, c])
  assert.equal(await given(d), undefined)
  await save([
    { ssid: 'a', psk: 'secret of a' },
    { ssid: 'b', psk: 'secret of b' },
    { ssid: 'c', psk: 'secret of c' },
  ])
  assert.equal(await given(d), undefined, 'typed again, and the same')
  await save([c, { ...b, ssid: 'b2' }])
  assert.deepEqual(await given(d), [
    ['c', 'secret of c'],
    ['b2', 'secret of b'],
  ])
  const text = JSON.stringify([await w.policies.effective(d.no), await w.policies.versions(no)])
  assert.ok(!text.includes('secret of') && !text.includes('$sealed'))
  await assert.rejects(save([c, { ssid: 'd', psk: '••••••••' }]), { code: 'invalid-settings' })
  await assert.rejects(save([{ ssid: 'd', psk: '•••••••• 000000000000' }]), { code: 'invalid-settings' })
})

test('lists of several policies are united, and each secret is opened for the policy that it was written in', async () => {
  const [d] = await w.devices(1)
  assert.ok(d)
  await w.policy('second', of(settings({ ssid: 'x', psk: 'secret of x' })))
  const united = await given(d)
  assert.deepEqual(
    united?.toSorted(([x], [y]) => (x < y ? -1 : 1)),
    [
      ['b2', 'secret of b'],
      ['c', 'secret of c'],
      ['x', 'secret of x'],
    ],
  )
})

test('the version of an item changes with its own secret alone, wherever it stands', () => {
  const networks: FeatureDescriptor = { ...descriptor, id: 'toy.networks', secret: ['list/*/key'] }
  const first = sealed({ list: [{ key: 'a' }, { key: 'b' }] }, {}, undefined, networks, 7, plain)
  const sent: JsonObject = { list: [{ key: 'b' }, { key: 'another' }, { name: 'none' }] }
  const second = sealed(sent, sent, first, networks, 7, plain)
  const version = (settings: JsonObject) => versionOf({ settings, hash: 'h' } as unknown as SetFeature, networks)
  const item = (settings: JsonObject, i: number) => itemVersion(version(settings), `list/${i}`)
  assert.equal(item(second, 0), item(first, 1))
  assert.notEqual(item(second, 1), item(first, 0))
  assert.equal(item(second, 2), '')
  assert.ok(!version(second).includes('another'))
})

const descriptor: FeatureDescriptor = {
  id: 'toy.any',
  title: '',
  summary: '',
  settings: z.any(),
  merge: { rule: 'priority' },
  secret: ['list/*/key', 'key', 'inner/key'],
  examples: [],
}
/** Sealing with nothing behind it: what is tried here is who gets which. */
const plain = {
  seal: (place: string, text: string) => Buffer.from(`${Math.random()}|${place}|${text}`),
  open: (place: string, bytes: Uint8Array) => {
    const [, a, b, ...text] = Buffer.from(bytes).toString().split('|')
    assert.equal(`${a}|${b}`, place.split('|').slice(0, 2).join('|'))
    return Buffer.from(text.slice(1).join('|'))
  },
} as never

test('whatever is shown can be sent back in any order, and means what it meant', () => {
  const item = fc.record(
    { name: fc.string(), key: fc.string({ minLength: 1 }) },
    { requiredKeys: ['name'], noNullPrototype: true },
  )
  const any = fc.record(
    {
      list: fc.array(item, { maxLength: 6 }),
      key: fc.string(),
      inner: fc.record({ key: fc.string(), x: fc.nat() }, { noNullPrototype: true }),
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  fc.assert(
    fc.property(any, fc.infiniteStream(fc.nat(100)), (made, order) => {
      const value = made as unknown as JsonObject
      const stored = sealed(value, value, undefined, descriptor, 7, plain)
      const shown = masked(stored, descriptor)
      const list = ((shown.list ?? []) as JsonObject[])
        .map((v, i) => ({ v, i, by: order.next().value as number }))
        .sort((x, y) => x.by - y.by)
      const sent: JsonObject = { ...shown, ...(shown.list !== undefined && { list: list.map((x) => x.v) }) }
      const meant = {
        ...value,
        ...(shown.list !== undefined && { list: list.map((x) => (made.list ?? [])[x.i] ?? null) }),
      }
      assert.deepEqual(unmasked(sent, stored, descriptor, 7, plain), meant)
      const again = sealed(meant as JsonObject, sent, stored, descriptor, 7, plain)
      const before = ((stored.list ?? []) as JsonObject[]).map((v) => sealedBytes(v.key)?.toString('hex'))
      const after = ((again.list ?? []) as JsonObject[]).map((v) => sealedBytes(v.key)?.toString('hex'))
      assert.deepEqual(
        after,
        list.map((x) => before[x.i]),
      )
    }),
  )
})
