/** Recurring work: one node does all of it, another takes over, and a job that fails or is slow disturbs no other. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { createJobs } from './index.ts'

let t: TestDatabase
before(async () => {
  t = await testDatabase()
})
after(() => t.close())
const until = async (what: () => boolean, ms = 30_000) => {
  for (const end = Date.now() + ms; !what() && Date.now() < end; )
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(what(), 'it did not come')
}

test('of two nodes one works; when it stops the other takes over', async () => {
  const ran: string[] = []
  const node = (name: string) =>
    createJobs({
      db: t.db,
      log: silentLog,
      lockName: 'handover',
      jobs: [{ name: 'j', everyS: 0.02, run: async () => void ran.push(name) }],
    })
  const [a, b] = [node('a'), node('b')]
  a.start()
  await until(() => a.leading())
  b.start()
  await until(() => ran.length > 5)
  assert.deepEqual([a.leading(), b.leading(), ran.includes('b')], [true, false, false])
  await a.stop()
  assert.equal(a.leading(), false)
  const from = ran.length
  await until(() => ran.slice(from).includes('b'))
  assert.equal(ran.slice(from).includes('a'), false)
  await b.stop()
  const end = ran.length
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.equal(ran.length, end)
})

test('a job that fails is tried again and told of; a slow one never overlaps itself nor holds up the others', async () => {
  const warned: string[] = []
  const log = { ...silentLog, warn: (o: object) => void warned.push(String((o as { job?: string }).job)) }
  let quick = 0
  let failed = 0
  let inside = 0
  let most = 0
  const jobs = createJobs({
    db: t.db,
    log,
    lockName: 'several',
    jobs: [
      {
        name: 'quick',
        everyS: 0.005,
        run: async () => {
          quick += 1
        },
      },
      {
        name: 'fails',
        everyS: 0.01,
        run: async () => {
          failed += 1
          throw new Error('no')
        },
      },
      {
        name: 'slow',
        everyS: 0.001,
        run: async () => {
          inside += 1
          most = Math.max(most, inside)
          await new Promise((resolve) => setTimeout(resolve, 50))
          inside -= 1
        },
      },
    ],
  })
  jobs.start()
  await until(() => quick > 10 && failed > 2)
  await jobs.stop()
  assert.equal(most, 1)
  assert.equal(inside, 0, 'stopping waits for what is under way')
  assert.deepEqual([...new Set(warned)], ['fails'])
})

test('stopping tells a job under way to end', async () => {
  let ended = false
  const jobs = createJobs({
    db: t.db,
    log: silentLog,
    lockName: 'long',
    jobs: [
      {
        name: 'long',
        everyS: 1,
        run: (signal) =>
          new Promise<void>((resolve) =>
            signal.addEventListener('abort', () => {
              ended = true
              resolve()
            }),
          ),
      },
    ],
  })
  jobs.start()
  await until(() => jobs.leading())
  await jobs.stop()
  assert.equal(ended, true)
})
