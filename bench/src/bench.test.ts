/** Each benchmark as a small instance: its counts must agree. Times are told, never judged: another machine is another time. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Bed, makeBed } from './bed/index.ts'
import { benchmarks } from './index.ts'

const size = { quick: true, seed: 7 }
let bed: Bed
before(async () => {
  bed = await makeBed({ devices: 500, seed: size.seed })
})
after(() => bed.close())

async function run(name: string) {
  const result = await benchmarks[name]!({ ...size, bed })
  assert.deepEqual([result.name, result.seed], [name, size.seed])
  for (const key of ['value', 'yardstick', 'ratio'] as const)
    assert.ok(result[key] > 0, `${name}: ${key} ${result[key]}`)
  return result
}

/** Statements but for those that recur by themselves meanwhile, a dozen a second at most: the slower the machine, the more of them. */
function ofPolls(r: Awaited<ReturnType<typeof run>>): number {
  return Number(r.statementsPerPoll) * Number(r.polls) - 12 * (Number(r.polls) / r.value)
}

test('an idle poll issues no statement, and every device is seen', async () => {
  const r = await run('idle-poll')
  assert.equal(r.polls, 1_000)
  assert.ok(ofPolls(r) < 200, `${r.statementsPerPoll} statements a poll; one would be a thousand`)
  assert.equal(r.devicesSeen, 500)
})

test('every acknowledged operation is a row of history, and nothing else is', async () => {
  const r = await run('op-trip')
  assert.deepEqual([r.acknowledged, r.historyRows, r.unmatched], [450, 450, 0])
})

test('an operation to everybody is a row for each, and another node hands it over', async () => {
  const r = await run('enqueue-100k')
  assert.deepEqual([r.devices, r.rows], [500, 500])
  assert.ok(Number(r.longestVisibleMs) < 30_000)
})

test('every device that enrolled is active', async () => {
  const r = await run('enrol')
  assert.deepEqual([r.enrolled, r.activeRows], [40, 40])
})

test('a herd that comes back is answered whole, and never 5xx', async () => {
  const r = await run('restart-herd')
  assert.deepEqual([r.devices, r.serverErrors], [500, 0])
})

test('Apple: an idle device costs no statement, and every device is seen', async () => {
  const r = await run('idle-poll-apple')
  assert.ok(ofPolls(r) < 50, `${r.statementsPerPoll} statements a poll`)
  assert.deepEqual([r.polls, r.devicesSeen], [100, 100])
})

test('Apple: every acknowledged command is a row of history, and nothing else is', async () => {
  const r = await run('op-trip-apple')
  assert.deepEqual([r.acknowledged, r.historyRows, r.unmatched], [80, 80, 0])
})

test('Apple: every device that enrolled is active and has its certificate', async () => {
  const r = await run('enrol-apple')
  assert.deepEqual([r.enrolled, r.activeRows, r.certificates], [40, 40, 40])
})

test('Apple: an inventory is read whole', async () => {
  const r = await run('apple-inventory')
  assert.ok(Number(r.bytes) > 58_500 && Number(r.apps) > 100)
})

test('Apple: the next command is found among a thousand that are settled', async () => {
  const r = await run('next-command')
  assert.deepEqual([r.settled, r.trips], [1_030, 20])
})

test('Apple: everybody who sleeps is woken, comes and reports, and nobody is answered 5xx', async () => {
  const r = await run('wake-100k')
  assert.deepEqual(
    [r.devices, r.acknowledged, r.historyRows, r.unmatched, r.serverErrors, r.refusedConnections],
    [400, 400, 400, 0, 0, 0],
  )
  // One that was lost with its connection is sent again, and nobody is pushed for each of several reasons.
  assert.ok(Number(r.pushes) >= 400 && Number(r.pushes) < 480, `${r.pushes} pushes`)
})

test('Windows: every answer of a session is a row of history, and an idle session costs next to nothing', async () => {
  const r = await run('op-trip-windows')
  assert.deepEqual([r.acknowledged, r.historyRows, r.unmatched], [80, 80, 0])
  // Three are promised in all; what recurs by itself in the meantime is counted too.
  assert.ok(Number(r.statementsPerIdleSession) <= 3, `${r.statementsPerIdleSession} statements an idle session`)
})

test('Windows: every PC that enrolled is active and has its certificate', async () => {
  const r = await run('enrol-windows')
  assert.deepEqual([r.enrolled, r.activeRows, r.certificates], [40, 40, 40])
})

// Last: it fills the bed with what others count.
test('every view of the console is answered, and its list holds each device once', async () => {
  const r = await run('console')
  assert.ok(Number(r.devices) >= 500 && Number(r.views) > 50, JSON.stringify(r))
})

test('Android: one operation is issued at the quota though the server is killed, nothing is lost, and only what was under way then is done again', async () => {
  const r = await run('android-quota')
  assert.deepEqual([r.devices, r.completed, r.lost, r.overQuota], [100, 100, 0, 0])
  assert.ok(Number(r.twice) <= 20, `${r.twice} were done twice`)
})

test('Android: settings that many share are one document, and publishing the same again asks nothing of Google', async () => {
  const r = await run('android-compile')
  const unchanged = [r.documentsUnchanged, r.pointedUnchanged, r.requestsUnchanged]
  assert.deepEqual([r.value, r.revisions, ...unchanged], [20, 20, 0, 0, 0])
})

test('Android: an agent’s round trip goes the same road as a Linux agent’s', async () => {
  const r = await run('op-trip-android')
  assert.deepEqual([r.acknowledged, r.historyRows, r.unmatched], [600, 600, 0])
  // They gather as they come, which is never twice the same: a road of its own would cost several times as many.
  assert.ok(Number(r.statements) <= 3 * Number(r.statementsLinux), JSON.stringify(r))
})
