import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { type Db, openDb } from '../db/index.ts'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { createEvents, type EventRecord, type Events } from './index.ts'
import { comparePositions, parsePosition } from './position.ts'

let t: TestDatabase
const made: Events[] = []
before(async () => {
  t = await testDatabase({ alone: true })
})
afterEach(async () => {
  for (const e of made.splice(0)) await e.close()
})
after(() => t.close())

function events(db: Db = t.db): Events {
  const e = createEvents({ db, log: silentLog })
  made.push(e)
  return e
}
const isCode = (code: string) => (e: unknown) => (e as { code?: string }).code === code
const groupOf = (r: EventRecord) => (r.type === 'group.changed' ? r.data.group : -1)
const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms))
const emit = (e: Events, group: number, o?: { notify?: boolean }) =>
  t.db.tx((tx) => e.emit(tx, 'group.changed', { group }, o))

async function until(what: () => boolean) {
  const end = Date.now() + 30_000
  while (!what()) {
    if (Date.now() > end) assert.fail('it did not come about in time')
    await sleep(5)
  }
}

test('an event is written with its change or not at all, and is heard at once', async () => {
  const e = events()
  const heard: EventRecord[] = []
  const follower = e.follow({}, (batch) => {
    heard.push(...batch)
  })
  await follower.ready
  const failing = t.db.tx(async (tx) => {
    await e.emit(tx, 'group.changed', { group: 1 })
    throw new Error('stop')
  })
  await assert.rejects(failing, /stop/)
  // Right after one tick the next is a second away: by ticks alone, all but the first would take that long. A busy machine gets more tries.
  const took: number[] = []
  const quick = () => took.filter((ms) => ms < 900).length
  for (let group = 2; took.length < 5 || (quick() < 2 && took.length < 20); group++) {
    const began = Date.now()
    await emit(e, group)
    await until(() => heard.length === group - 1)
    took.push(Date.now() - began)
  }
  assert.ok(quick() > 1, `woken by NOTIFY, not by the tick: ${took}`)
  assert.deepEqual(
    heard.map((r) => [r.type, r.data]),
    took.map((_, i) => ['group.changed', { group: i + 2 }]),
  )
  assert.ok(heard[0]?.at instanceof Date)
  await until(() => follower.position() === heard.at(-1)?.id)
})

test('without NOTIFY the tick finds it', async () => {
  const e = events()
  const heard: number[] = []
  await e.follow({}, (batch) => {
    heard.push(...batch.map(groupOf))
  }).ready
  await sleep(50)
  await emit(e, 3, { notify: false })
  await until(() => heard.length > 0)
  assert.deepEqual(heard, [3])
})

test('many at once keep their order; reading pages through them', async () => {
  const e = events()
  const first = e.follow({}, () => undefined)
  await first.ready
  const start = first.position()
  const rows = Array.from({ length: 2_500 }, (_, group) => ({ type: 'group.changed' as const, data: { group } }))
  await t.db.tx((tx) => e.emitMany(tx, rows))
  await t.db.tx((tx) => e.emitMany(tx, []))
  const heard: number[] = []
  e.follow({ after: start }, (batch) => {
    heard.push(...batch.map(groupOf))
  })
  await until(() => heard.length >= 2_500)
  assert.deepEqual(
    heard,
    rows.map((r) => r.data.group),
  )
  const page = await e.read(start, 10)
  const next = await e.read(page.at(-1)?.id ?? '', 10)
  assert.deepEqual(
    [...page, ...next].map(groupOf),
    Array.from({ length: 20 }, (_, i) => i),
  )
})

test('a transaction that commits late is not skipped, and what is behind it waits', async () => {
  const e = events()
  const other = await openDb({ url: t.url, dataDir: '', log: silentLog })
  const heard: number[] = []
  await e.follow({}, (batch) => {
    heard.push(...batch.map(groupOf))
  }).ready
  await sleep(50)
  await other.tx(async (tx) => {
    await e.emit(tx, 'group.changed', { group: 100 })
    await emit(e, 101)
    await sleep(300)
    assert.deepEqual(heard, [])
    const stale = e.freshness()
    assert.ok(stale > 150, `committed but held back counts as stale (${stale} ms)`)
  })
  await until(() => heard.length === 2)
  assert.deepEqual(heard, [100, 101])
  await until(() => e.freshness() < 200)
  await other.close()
})

test('property: under overlapping transactions of any length each committed event is heard once and in order', async () => {
  const writer = await openDb({ url: t.url, dataDir: '', log: silentLog, poolSize: 10 })
  const work = fc.array(
    fc.record({
      start: fc.nat(60),
      hold: fc.nat(120),
      count: fc.integer({ min: 1, max: 4 }),
      commit: fc.boolean(),
      notify: fc.boolean(),
    }),
    { minLength: 5, maxLength: 25 },
  )
  let next = 1_000
  await fc.assert(
    fc.asyncProperty(work, async (plan) => {
      const e = events()
      const heard: EventRecord[] = []
      const first = e.follow({}, (batch) => {
        heard.push(...batch)
      })
      await first.ready
      const start = first.position()
      const committed = new Set<number>()
      await Promise.all(
        plan.map(async (p) => {
          await sleep(p.start)
          const ids = Array.from({ length: p.count }, () => next++)
          await writer
            .tx(async (tx) => {
              for (const group of ids) await e.emit(tx, 'group.changed', { group }, { notify: p.notify })
              await sleep(p.hold)
              if (!p.commit) throw new Error('rolled back on purpose')
            })
            .then(
              () => {
                for (const id of ids) committed.add(id)
              },
              () => undefined,
            )
        }),
      )
      const late: EventRecord[] = []
      const second = e.follow({ after: start }, async (batch) => {
        await sleep(1)
        late.push(...batch)
      })
      await until(() => heard.length >= committed.size && late.length >= committed.size)
      await sleep(30)
      await first.stop()
      await second.stop()
      for (const seen of [heard, late]) {
        assert.deepEqual(new Set(seen.map(groupOf)), committed)
        assert.equal(seen.length, committed.size)
        seen.forEach((r, i) => {
          if (i > 0) assert.ok(comparePositions(seen[i - 1]?.id ?? '', r.id) < 0)
        })
      }
    }),
    { numRuns: 12 },
  )
  await writer.close()
})

test('a follower is handed only what it hears, in order, and passes over the rest', async () => {
  const e = events()
  const seen: { few: string[]; all: string[] } = { few: [], all: [] }
  const few = e.follow({ hears: ['query.changed'] }, (batch) => {
    assert.ok(batch.length > 0)
    seen.few.push(...batch.map((r) => `${r.type} ${r.data.query}`))
  })
  await few.ready
  const start = few.position()
  await emit(e, 1)
  await t.db.tx((tx) => e.emit(tx, 'query.changed', { query: 2 }))
  await until(() => seen.few.length === 1)
  // Whoever comes later and hears more misses nothing from then on, and those of before hear no more than before.
  const all = e.follow({ after: start }, (batch) => {
    seen.all.push(...batch.map((r) => r.type))
  })
  await until(() => seen.all.length === 2)
  await emit(e, 3)
  await t.db.tx((tx) => e.emit(tx, 'query.changed', { query: 4 }))
  await emit(e, 5)
  await until(() => seen.all.length === 5)
  await until(() => few.position() === all.position())
  assert.deepEqual(seen.few, ['query.changed 2', 'query.changed 4'])
  assert.deepEqual(seen.all, ['group.changed', 'query.changed', 'group.changed', 'query.changed', 'group.changed'])
  await all.stop()
  await emit(e, 6)
  await t.db.tx((tx) => e.emit(tx, 'query.changed', { query: 7 }))
  await until(() => seen.few.length === 3)
})

test('property: followers that come and go while others read miss nothing of what they hear', async () => {
  const e = events()
  await e.follow({ hears: ['webhook.changed'] }, () => undefined).ready
  const kinds = fc.constantFrom('group.changed' as const, 'query.changed' as const)
  const plan = fc.array(fc.record({ kind: kinds, pause: fc.nat(4), joins: fc.option(kinds) }), {
    minLength: 3,
    maxLength: 20,
  })
  let next = 0
  await fc.assert(
    fc.asyncProperty(plan, async (steps) => {
      const followers: { hears: string; from: number; seen: number[]; stop(): Promise<void> }[] = []
      const told: { kind: string; n: number }[] = []
      for (const { kind, pause, joins } of steps) {
        if (joins) {
          const seen: number[] = []
          const f = e.follow({ hears: [joins] }, (batch) => {
            for (const r of batch) seen.push(r.type === 'group.changed' ? r.data.group : r.data.query)
          })
          await f.ready
          followers.push({ hears: joins, from: told.length, seen, stop: f.stop })
        }
        const n = next++
        await t.db.tx((tx) =>
          kind === 'group.changed' ? e.emit(tx, kind, { group: n }) : e.emit(tx, kind, { query: n }),
        )
        told.push({ kind, n })
        await sleep(pause)
      }
      const wanted = (f: (typeof followers)[number]) =>
        told.slice(f.from).flatMap((x) => (x.kind === f.hears ? [x.n] : []))
      for (const f of followers) {
        const all = wanted(f)
        await until(() => all.length === 0 || f.seen.includes(all.at(-1) as number))
        // What committed just before it came may be heard, too.
        assert.deepEqual(f.seen.slice(f.seen.length - all.length), all)
        await f.stop()
      }
    }),
    { numRuns: 15 },
  )
})

test('all followers at the head share one reader', async () => {
  const db = await openDb({ url: t.url, dataDir: '', log: silentLog })
  const e = createEvents({ db, log: silentLog })
  let heard = 0
  const followers = Array.from({ length: 50 }, () =>
    e.follow({}, (batch) => {
      heard += batch.length
    }),
  )
  await Promise.all(followers.map((f) => f.ready))
  await sleep(100)
  const before = db.statements
  const began = Date.now()
  await emit(e, 7)
  await until(() => heard === 50)
  // And it looks each second, on a machine where it takes that long.
  const most = 6 + 2 * Math.floor((Date.now() - began) / 1_000)
  assert.ok(db.statements - before <= most, `${db.statements - before} statements for 50 followers, ${most} at most`)
  await e.close()
  await db.close()
})

test('a batch whose handler throws comes again, and a slow one holds nobody up', async () => {
  const e = events()
  const failing: number[] = []
  const quick: number[] = []
  let failures = 0
  const a = e.follow({}, (batch) => {
    if (failures++ < 2) throw new Error('not now')
    failing.push(...batch.map(groupOf))
  })
  let release: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const slow: number[] = []
  const b = e.follow({}, async (batch) => {
    await gate
    slow.push(...batch.map(groupOf))
  })
  await e.follow({}, (batch) => {
    quick.push(...batch.map(groupOf))
  }).ready
  await Promise.all([a.ready, b.ready])
  await emit(e, 8)
  await until(() => failing.length === 1 && quick.length === 1)
  assert.equal(failures, 3)
  assert.deepEqual(slow, [])
  const flood = Array.from({ length: 12_000 }, (_, i) => ({
    type: 'group.changed' as const,
    data: { group: 10_000 + i },
  }))
  await t.db.tx((tx) => e.emitMany(tx, flood))
  await until(() => quick.length === 12_001)
  release()
  await until(() => slow.length === 12_001)
  assert.deepEqual(slow, quick)
})

test('no call after stop', async () => {
  const e = events()
  const heard: number[] = []
  const f = e.follow({}, (batch) => {
    heard.push(...batch.map(groupOf))
  })
  await f.ready
  await f.stop()
  await emit(e, 9)
  await sleep(50)
  assert.deepEqual(heard, [])
})

test('the listener lost: events still come', async () => {
  const e = events()
  const heard: number[] = []
  await e.follow({}, (batch) => {
    heard.push(...batch.map(groupOf))
  }).ready
  await sleep(50)
  await t.db.query(
    sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
  )
  await emit(e, 11)
  await until(() => heard.length === 1)
})

test('trimming: who stands before the mark has missed events, who stands behind it has not', async () => {
  const e = events()
  const position = async () => {
    await emit(e, 1)
    const [row] = await t.db.query<{ id: string }>(
      sql`SELECT xid::text || '.' || no AS id FROM outbox ORDER BY outbox.xid DESC, no DESC LIMIT 1`,
    )
    return row?.id ?? ''
  }
  const early = await position()
  const between = await position()
  await t.db.query(sql`UPDATE outbox SET at = now() - interval '10 days'`)
  const kept = await position()
  assert.equal((await e.read(early, 100)).length, 2)
  const removed = await e.trim(7)
  assert.ok(removed >= 2)
  await assert.rejects(e.read(early, 100), isCode('events-gone'))
  assert.deepEqual(
    (await e.read(between, 100)).map((r) => r.id),
    [kept],
  )
  assert.equal(await e.trim(7), 0)
  const gone = new Promise((resolve) => e.follow({ after: early, gone: resolve }, () => undefined))
  assert.ok(isCode('events-gone')(await gone))
  const future = `${BigInt(kept.split('.')[0] ?? 0) + 1_000_000n}.1`
  await assert.rejects(e.read(future, 1), isCode('events-gone'))
})

test('trimming goes in steps and counts right', async () => {
  const e = events()
  await e.trim(0)
  const rows = Array.from({ length: 12_000 }, (_, group) => ({ type: 'group.changed' as const, data: { group } }))
  await t.db.tx((tx) => e.emitMany(tx, rows))
  assert.equal(await e.trim(0), 12_000)
  assert.deepEqual(await t.db.query(sql`SELECT count(*) AS n FROM outbox`), [{ n: 1 }])
})

test('ids: what is none is refused, order is numeric', () => {
  for (const id of ['', 'x', '1', '1.', '.1', '1.2.3', '-1.2', `${2n ** 64n}.1`, `1.${2n ** 63n}`, "1.1'; --"]) {
    assert.throws(() => parsePosition(id), isCode('invalid-cursor'), id)
  }
  fc.assert(
    fc.property(
      fc.bigInt(0n, 2n ** 64n - 1n),
      fc.bigInt(0n, 2n ** 63n - 1n),
      fc.bigInt(0n, 2n ** 64n - 1n),
      (x, n, y) => {
        assert.deepEqual(parsePosition(`${x}.${n}`), { xid: x, no: n })
        assert.equal(Math.sign(comparePositions(`${x}.${n}`, `${y}.${n}`)), x < y ? -1 : x > y ? 1 : 0)
      },
    ),
  )
})
