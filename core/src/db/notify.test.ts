/** NOTIFY after the commit: heard here at once and elsewhere soon, never of what was rolled back, many as one. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { createDb } from './connection.ts'
import { createNotifier, namedAtMost } from './notify.ts'

let t: TestDatabase
before(async () => {
  t = await testDatabase()
})
after(() => t.close())

async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !what() && Date.now() < end; ) await new Promise((r) => setTimeout(r, 10))
  assert.ok(what(), 'not within 20 s')
}

test('a committed word is heard by this process once and at once, by another one soon; what was rolled back by nobody', async () => {
  const other = createDb({ url: t.url, shownUrl: '', poolSize: 1, log: silentLog, onClose: async () => undefined })
  try {
    const [here, there]: [string[], string[]] = [[], []]
    await t.db.listen(
      'word',
      (p) => here.push(p),
      () => undefined,
    )
    await other.listen(
      'word',
      (p) => there.push(p),
      () => undefined,
    )
    await assert.rejects(
      t.db.tx(async (tx) => {
        tx.notify('word', [666])
        throw new Error('no')
      }),
    )
    await t.db.tx(async (tx) => {
      tx.notify('word', [1])
      tx.notify('word', [2])
      assert.deepEqual(here, [], 'not before the commit')
    })
    assert.deepEqual(here, ['1,2'])
    await until(() => there.length > 0)
    assert.deepEqual(there, ['1,2'])
    // What the other says comes over the database, after anything of our own that would come back.
    await other.tx(async (tx) => tx.notify('word', '*'))
    await until(() => here.length > 1)
    assert.deepEqual(here, ['1,2', '*'])
  } finally {
    await other.close()
  }
})

test('while the listening connection is away it goes over another', async () => {
  const plain = createDb({ url: t.url, shownUrl: '', poolSize: 1, log: silentLog, onClose: async () => undefined })
  const heard: string[] = []
  const end = await t.db.listen(
    'away',
    (p) => heard.push(p),
    () => undefined,
  )
  await plain.tx(async (tx) => {
    await tx.query(sql`select 1`)
    tx.notify('away')
  })
  await until(() => heard.length > 0)
  assert.deepEqual(heard, [''])
  await plain.close()
  await end()
})

test('the first goes at once, those that follow together; too many to name are everybody; a failure is survived; closing says the rest', async () => {
  const sent: Record<string, string>[] = []
  const local: string[] = []
  let away = false
  const notifier = createNotifier({
    log: silentLog,
    local: (channel, payload) => local.push(`${channel} ${payload}`),
    send: async (channels, payloads) => {
      if (away) throw new Error('away')
      sent.push(Object.fromEntries(channels.map((c, i) => [c, payloads[i] ?? ''])))
    },
  })
  notifier.tell('a', [1])
  assert.equal(sent.length, 1)
  notifier.tell('a', [2, 3])
  notifier.tell('a', [3])
  notifier.tell('b', [])
  assert.deepEqual([sent.length, local.length], [1, 4])
  await until(() => sent.length === 2)
  assert.deepEqual(sent, [{ a: '1' }, { a: '2,3', b: '' }])
  away = true
  notifier.tell('a', [4])
  await new Promise((r) => setTimeout(r, 500))
  away = false
  notifier.tell('a', [5])
  notifier.tell(
    'a',
    Array.from({ length: namedAtMost }, (_, i) => 10 + i),
  )
  notifier.tell('c', '*')
  await notifier.close()
  const all = Object.assign({}, ...sent.slice(2)) as Record<string, string>
  assert.equal(all.c, '*')
  assert.ok(all.a === '*' || all.a?.split(',').length === namedAtMost)
})
