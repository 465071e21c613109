/** Configuration: defaults, checked values, two administrators, two nodes, and poll times. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { isProblem, type ProblemCode } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { createAudit } from '../audit/index.ts'
import { createEvents, type Events } from '../events/index.ts'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { type Configuration, createConfiguration } from './configuration.ts'

let t: TestDatabase
let events: Events
const nodes: Configuration[] = []
const actor = 'user:admin'
before(async () => {
  t = await testDatabase()
  events = createEvents({ db: t.db, log: silentLog })
  const audit = createAudit({ db: t.db, log: silentLog, signingKey: generateKeyPairSync('ed25519').privateKey })
  for (let i = 0; i < 2; i++) {
    nodes.push(createConfiguration({ db: t.db, events, audit, log: silentLog }))
    await nodes[i]!.start()
  }
})
after(async () => {
  for (const n of nodes) await n.stop()
  await events.close()
  await t.close()
})
const problem = (code: ProblemCode) => (e: unknown) => isProblem(e) && e.code === code

async function until(what: () => boolean): Promise<void> {
  const end = Date.now() + 30_000
  while (!what()) {
    assert.ok(Date.now() < end, 'did not happen')
    await new Promise((r) => setTimeout(r, 10))
  }
}

test('an empty database has every default', () => {
  const all = nodes[0]!.list()
  assert.deepEqual(
    all.map((s) => s.key),
    ['organisation', 'polling', 'notifiers', 'retention', 'branding', 'guard'],
  )
  assert.ok(all.every((s) => s.revision === 0))
  assert.deepEqual(nodes[0]!.get('polling').value, { defaultS: 60, jitter: 0.1, platforms: {} })
})

test('a change is seen at once here, soon on the other node, and audited', async () => {
  const [a, b] = nodes as [Configuration, Configuration]
  const saved = await a.put('organisation', { name: 'Example Corp' }, { revision: 0, actor })
  assert.deepEqual([a.get('organisation').value.name, saved.revision, saved.changedBy], ['Example Corp', 1, actor])
  await until(() => b.get('organisation').value.name === 'Example Corp')
  const audited = await t.db.query(sql`select act, actor from audit where subject = 'configuration:organisation'`)
  assert.deepEqual(audited, [{ act: 'configuration.change', actor }])
})

test('of two who save at once one is told, and nothing is overwritten', async () => {
  const [a, b] = nodes as [Configuration, Configuration]
  for (const revision of [0, 1]) {
    const ends = await Promise.allSettled([
      a.put('retention', { historyDays: 10 + revision }, { revision, actor }),
      b.put('retention', { historyDays: 20 + revision }, { revision, actor }),
    ])
    assert.equal(ends.filter((e) => e.status === 'fulfilled').length, 1)
    for (const e of ends) if (e.status === 'rejected') assert.ok(problem('revision-mismatch')(e.reason))
  }
})

test('what does not fit is refused and changes nothing', async () => {
  const bad: [string, unknown][] = [
    ['polling', { defaultS: 1 }],
    ['polling', { defaultS: '60' }],
    ['polling', { jitter: 2 }],
    ['polling', { platforms: { 'Not An Id': 60 } }],
    ['polling', { extra: 1 }],
    ['organisation', { name: '' }],
    ['organisation', { name: 'a\0' }],
    ['branding', { logo: 'https://example.com/logo.png' }],
    ['branding', { logo: 'data:image/svg+xml;base64,AAAA' }],
    ['branding', { colour: 'red;}' }],
    ['notifiers', { platforms: { linux: ['pigeon'] } }],
    ['retention', null],
    ['retention', []],
  ]
  for (const [key, value] of bad)
    await assert.rejects(
      nodes[0]!.put(key, value, { revision: 0, actor }),
      problem('invalid-request'),
      JSON.stringify(value),
    )
  for (const key of ['nothing', '__proto__', 'toString'])
    await assert.rejects(nodes[0]!.put(key, {}, { revision: 0, actor }), problem('not-found'))
  assert.equal(nodes[0]!.get('polling').revision, 0)
})

test('poll times follow the platform and stay within the jitter', async () => {
  const [a] = nodes as [Configuration]
  await a.put('polling', { defaultS: 100, jitter: 0.2, platforms: { linux: 10 } }, { revision: 0, actor })
  assert.deepEqual([a.pollInterval('linux'), a.pollInterval('apple'), a.pollInterval('__proto__')], [10, 100, 100])
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (r) => a.pace('apple', () => r) >= 80 && a.pace('apple', () => r) <= 120 && a.pace('linux', () => r) >= 8,
    ),
  )
  assert.deepEqual([a.pace('apple', () => 0), a.pace('apple', () => 0.5)], [80, 100])
})

test('a stored value that does not fit is not believed', async () => {
  await t.db.tx(async (tx) => {
    await tx.query(
      sql`insert into configuration (key, value, revision, changed_by) values ('branding', '{"colour": 7}', 4, 'x')`,
    )
    await events.emit(tx, 'configuration.changed', { key: 'branding' })
  })
  await until(() => nodes[1]!.get('branding').revision === 4)
  assert.equal(nodes[1]!.get('branding').value.colour, '#1c7ed6')
  assert.equal((await nodes[1]!.put('branding', { colour: '#000000' }, { revision: 4, actor })).revision, 5)
})
