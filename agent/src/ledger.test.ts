import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { openLedger } from './ledger.ts'
import { temporary } from './testing/fixtures.ts'

test('what was begun, done and told survives, also a line torn by a crash', (t) => {
  const at = path.join(temporary(t), 'deliveries.jsonl')
  const first = openLedger(at)
  first.started('a')
  first.done({ id: 'a', state: 'completed', result: { n: 1 } })
  first.started('b', { setting: true })
  first.done({ id: 'b', state: 'completed' })
  first.reported(['a', 'never heard of'])
  first.started('c')
  first.close()
  fs.appendFileSync(at, '{"id":"d","sta')
  const second = openLedger(at)
  assert.deepEqual(second.unreported(), [{ result: { id: 'b', state: 'completed' }, setting: true }])
  assert.deepEqual(
    second.interrupted().map((e) => e.id),
    ['c'],
  )
  assert.equal(second.get('a')?.reported, true)
  assert.equal(second.get('d'), undefined)
  second.again('a')
  assert.deepEqual(
    second
      .unreported()
      .map((u) => u.result.id)
      .sort(),
    ['a', 'b'],
  )
  assert.equal(fs.statSync(at).mode & 0o777, 0o600)
  second.close()
})

test('memory is bounded; what was not told and what is still signed is kept', (t) => {
  const at = path.join(temporary(t), 'deliveries.jsonl')
  let now = 1_000_000_000_000
  const ledger = openLedger(at, () => now)
  ledger.started('signed', { keepUntil: now + 90 * 86_400_000 })
  ledger.done({ id: 'signed', state: 'completed' })
  ledger.done({ id: 'untold', state: 'failed', code: 'x' })
  ledger.reported(['signed'])
  for (let i = 0; i < 1500; i += 1) {
    ledger.done({ id: `n${i}`, state: 'completed', result: 'x'.repeat(100) })
    ledger.reported([`n${i}`])
  }
  assert.ok(ledger.size() <= 1202, String(ledger.size()))
  assert.ok(ledger.get('n1499') && ledger.get('signed') && ledger.get('untold'))
  assert.equal(ledger.get('n0'), undefined)
  ledger.close()
  now += 40 * 86_400_000
  const later = openLedger(at, () => now)
  assert.deepEqual(
    ['signed', 'untold', 'n1499'].map((id) => later.get(id) !== undefined),
    [true, true, false],
  )
  later.close()
  now += 60 * 86_400_000
  const last = openLedger(at, () => now)
  assert.equal(last.get('signed'), undefined)
  assert.ok(fs.statSync(at).size < 1000)
  last.close()
})
