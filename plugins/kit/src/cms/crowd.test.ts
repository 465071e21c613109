/** Crowds: whatever way a claim takes, it holds when its signature does, and everybody is told in order. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { tags } from '../der/index.ts'
import { createCrowd } from './crowd.ts'
import type { Claim } from './known-signer.ts'

const keys = [
  ...Array.from({ length: 3 }, () => generateKeyPairSync('rsa', { modulusLength: 2048 })),
  generateKeyPairSync('ec', { namedCurve: 'P-256' }),
]
/** One that is right, or wrong in one of several ways. */
function claim(n: number): { claim: Claim; right: boolean } {
  const key = keys[n % keys.length] as (typeof keys)[number]
  const other = keys[(n + 1) % keys.length] as (typeof keys)[number]
  const attributes = n % 2 === 0
  const said = Buffer.concat([Buffer.from([tags.set]), Buffer.from(`what ${n} says`)])
  const digest = n % 5 === 0 ? 'SHA1' : 'SHA256'
  const wrong = n % 7
  const signature = sign(digest, said, wrong === 1 ? other.privateKey : key.privateKey)
  if (wrong === 2) signature[20] = (signature[20] as number) ^ 1
  const signed = Buffer.from(said)
  if (wrong === 3) signed[5] = (signed[5] as number) ^ 1
  if (attributes) signed[0] = 0xa0
  const certificate = { key: key.publicKey } as Claim['certificate']
  const cut = wrong === 4 ? signature.subarray(0, 9) : signature
  return { claim: { certificate, digest, signed, signature: cut, attributes }, right: wrong < 1 || wrong > 4 }
}

for (const beside of [false, true])
  test(`each hears what is true, in the order in which all came (${beside ? 'with' : 'without'} a thread)`, async () => {
    const failures: unknown[] = []
    const crowd = createCrowd({ beside, busy: 1, failed: (e) => failures.push(e) })
    assert.equal(crowd.before(), undefined)
    const heard: [number, boolean][] = []
    const expected: [number, boolean][] = []
    let n = 0
    for (let round = 0; round < 30; round += 1) {
      const most = round % 3 === 0 ? 2 : 40
      for (let i = 0; i < most; i += 1) {
        const number = n++
        const { claim: c, right } = claim(number)
        assert.equal(
          crowd.add(c, (holds) => heard.push([number, holds])),
          true,
        )
        expected.push([number, right])
        // Its place is written over by whoever is read next.
        c.signed.fill(0)
        c.signature.fill(0)
      }
      assert.ok(heard.length <= n - most, 'never in the same turn')
      if (round % 4 !== 3) await crowd.before()
      else await new Promise((resolve) => setImmediate(resolve))
    }
    await crowd.before()
    assert.deepEqual(heard, expected)
    assert.equal(crowd.before(), undefined)
    assert.deepEqual(failures, [])
    await crowd.close()
  })

test('whoever waits when the thread ends hears that nothing is known; those who come later are served', async () => {
  const right = claim(7).claim
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  // It may have answered all before it ended, and is not asked while it is late: then once more.
  for (let lost = 0, until = Date.now() + 30_000; lost === 0; ) {
    assert.ok(Date.now() < until, 'nobody ever waited for the thread')
    const crowd = createCrowd({ beside: true, busy: 1, failed: assert.ifError })
    const ask = async (n: number, handed?: () => Promise<void>) => {
      const heard: boolean[] = []
      for (let i = 0; i < n; i += 1) crowd.add(right, (holds) => heard.push(holds))
      const over = crowd.before()
      await turn()
      const waits = crowd.before() !== undefined
      if (waits) await handed?.()
      await over
      assert.equal(heard.length, n)
      return { waits, lost: heard.filter((holds) => !holds).length }
    }
    while (Date.now() < until && !(await ask(20)).waits);
    lost = (await ask(500, crowd.close)).lost
    await crowd.close()
    assert.deepEqual(await ask(20), { waits: false, lost: 0 })
  }
})

test('an answer that fails spoils nobody else; and a crowd has its bounds', async () => {
  const failures: unknown[] = []
  const crowd = createCrowd({ beside: false, failed: (e) => failures.push(e) })
  const heard: number[] = []
  for (const n of [0, 7, 14])
    crowd.add(claim(n).claim, () => {
      heard.push(n)
      if (n === 7) throw new Error('mine')
    })
  await crowd.before()
  assert.deepEqual([heard, failures.length], [[0, 7, 14], 1])
  const { claim: one } = claim(0)
  const large = { ...one, signed: Buffer.alloc(5_000) }
  assert.equal(
    crowd.add(large, () => assert.fail('not taken')),
    false,
  )
  let taken = 0
  while (taken < 10_000 && crowd.add(one, () => undefined)) taken += 1
  assert.ok(taken > 400 && taken <= 4_096, String(taken))
  await crowd.before()
  assert.equal(
    crowd.add(one, () => undefined),
    true,
  )
  await crowd.before()
})
