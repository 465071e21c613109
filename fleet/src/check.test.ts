/** The checker must be silent about the truth and catch every planted bug: in the server, in the history, in the record. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Preset } from './behaviour.ts'
import { createFakeChannel, type Faults } from './channel.fixture.ts'
import { checkRecord, type HistoryRow, type Rule } from './check.ts'
import { runOn } from './fleet.ts'
import type { RecordLine } from './record.ts'
import { createVirtualTime, virtualSend } from './virtual.fixture.ts'

interface Truth {
  record: RecordLine[]
  history: HistoryRow[]
}

async function live(faults: Faults = {}, preset: Preset = 'rough'): Promise<Truth> {
  const time = createVirtualTime()
  const { agenda } = time
  const channel = createFakeChannel({ agenda, faults })
  for (let i = 1; i <= 20; i += 1)
    agenda.at(agenda.now() + i * 3_000, () =>
      channel.send(i % 2 ? 'device.message' : 'service.restart', i % 2 ? { text: 'x' } : { service: 'cron' }),
    )
  const record: RecordLine[] = []
  await time.until(
    runOn(
      { send: virtualSend(channel, agenda), agenda },
      {
        server: 'http://fake',
        devices: 10,
        platform: 'linux',
        seed: 'check',
        invite: channel.invite,
        durationS: 150,
        preset,
        silentS: 5,
        watch: (l) => record.push(l),
      },
    ),
  )
  assert.deepEqual(channel.broken, [])
  return { record, history: channel.history() }
}
async function rules(t: Truth): Promise<Rule[]> {
  return (await checkRecord(t.record, t.history)).violations.map((v) => v.rule)
}
const truth = live()

/** A row of the history that the story is told of, by what the record says of it. */
async function find(
  state: string,
  of: (id: string, device: string, record: RecordLine[]) => boolean = () => true,
): Promise<{ t: Truth; row: HistoryRow; others: HistoryRow[] }> {
  const t = await truth
  const row = t.history.find((r) => r.state === state && of(r.id, r.device, t.record))
  assert.ok(row, `the run must hold such an operation: ${state}`)
  return { t, row, others: t.history.filter((r) => r !== row) }
}
const lineOf = (t: Truth, row: HistoryRow, event: string) =>
  t.record.find((l) => l.event === event && l.id === row.id && l.device === row.device)

test('the truth holds', async () => {
  const t = await truth
  const report = await checkRecord(t.record, t.history)
  assert.deepEqual(report.violations, [])
  assert.equal(report.operations, 200)
  assert.ok(report.acknowledged > 190 && report.executed > 150 && report.unknown > 0)
})

test('a server that forgets an acknowledgement, sends twice or alters an outcome is caught', async () => {
  // Devices that say things twice would heal it.
  assert.deepEqual(await rules(await live({ forget: 40 }, 'calm')), ['acknowledged-open'])
  assert.ok((await rules(await live({ resend: 40 }))).includes('resent-after-end'))
  assert.ok(
    (await rules(await live({ alter: 3 }))).some(
      (r) => r === 'completed-never-executed' || r === 'completed-otherwise',
    ),
  )
})

test('history: a lost row, a reopened one, an altered outcome', async () => {
  const { t, row, others } = await find('completed')
  assert.deepEqual(await rules({ ...t, history: others }), ['acknowledged-lost'])
  assert.deepEqual(await rules({ ...t, history: [...others, { ...row, state: 'sent' }] }), ['acknowledged-open'])
  assert.deepEqual(
    await rules({ ...t, history: [...others, { ...row, state: 'failed', reason: { code: 'agent-error' } }] }),
    ['outcome-differs'],
  )
  const failed = await find('failed', (id, device, record) =>
    record.some(
      (l) =>
        l.id === id && l.device === device && l.event === 'acknowledged-by-server' && l.code === 'simulated-failure',
    ),
  )
  assert.deepEqual(
    await rules({ ...t, history: [...failed.others, { ...failed.row, state: 'completed', reason: null }] }),
    ['completed-never-executed'],
  )
  assert.deepEqual(await rules({ ...t, history: [...failed.others, { ...failed.row, reason: { code: 'other' } }] }), [
    'outcome-differs',
  ])
})

test('an acknowledged result may be missing only from what had ended before it was told', async () => {
  const { t, row, others } = await find('completed')
  const told = lineOf(t, row, 'acknowledged-by-server')
  const unknown = (at: number): HistoryRow => ({
    ...row,
    state: 'failed',
    reason: { code: 'outcome-unknown' },
    updatedAt: new Date(at).toISOString(),
  })
  const end = Date.parse(told?.time ?? '')
  assert.deepEqual(await rules({ ...t, history: [...others, unknown(end - 60_000)] }), [])
  assert.deepEqual(await rules({ ...t, history: [...others, unknown(end)] }), ['outcome-differs'])
  assert.deepEqual(await rules({ ...t, history: [...others, unknown(end + 60_000)] }), ['outcome-differs'])
  assert.deepEqual(
    await rules({ ...t, history: [...others, { ...unknown(end - 60_000), reason: { code: 'cancelled' } }] }),
    ['outcome-differs'],
  )
})

test('record: an effect twice, whether the operation may be repeated or not', async () => {
  const t = await truth
  for (const name of ['device.message', 'service.restart']) {
    const i = t.record.findIndex((l) => l.event === 'executed' && l.name === name && !l.redo)
    const line = t.record[i] as RecordLine
    assert.deepEqual(await rules({ ...t, record: [...t.record.slice(0, i + 1), line, ...t.record.slice(i + 1)] }), [
      'effect-twice',
    ])
  }
  const redone = t.record.filter((l) => l.event === 'executed' && l.redo && l.name === 'service.restart')
  assert.ok(redone.length > 0, 'restarts that make a device do it once more are no violation')
})

test('record: completed in the history, never executed in the device, or ended otherwise', async () => {
  const { t, row } = await find(
    'completed',
    (id, device, record) =>
      record.filter((l) => l.id === id && l.device === device && l.event === 'executed').length === 1,
  )
  const without = (event: string) =>
    t.record.filter((l) => !(l.event === event && l.id === row.id && l.device === row.device))
  assert.deepEqual(await rules({ ...t, record: without('executed') }), ['completed-never-executed'])
  assert.deepEqual(await rules({ ...t, record: without('concluded') }), ['completed-otherwise'])
  assert.deepEqual(await rules({ ...t, record: t.record.filter((l) => l.id !== row.id || l.device !== row.device) }), [
    'completed-never-executed',
  ])
})

test('knowledge that was lost must be called so', async () => {
  const { t, row, others } = await find('completed')
  const silent = t.record.filter(
    (l) =>
      !((l.event === 'reported' || l.event === 'acknowledged-by-server') && l.id === row.id && l.device === row.device),
  )
  const ended = (state: string, code: string) =>
    rules({ record: silent, history: [...others, { ...row, state, reason: { code } }] })
  assert.deepEqual(await ended('failed', 'outcome-unknown'), [])
  assert.deepEqual(await ended('expired', 'outcome-unknown'), [])
  assert.deepEqual(await ended('failed', 'no-result'), [])
  assert.deepEqual(await ended('cancelled', 'cancelled'), ['unknown-not-said'])
  assert.deepEqual(await ended('expired', 'expired'), ['unknown-not-said'])
  assert.deepEqual(await ended('failed', 'simulated-failure'), ['unknown-not-said'])
})

test('an operation of the record that the history does not know', async () => {
  const t = await truth
  const strange: RecordLine = {
    n: t.record.length + 1,
    t: 0,
    device: 'device-1',
    event: 'received',
    id: 'o1-zz',
    kind: 'operation',
    name: 'device.message',
    attempt: 1,
    asked: 0,
  }
  assert.deepEqual(await rules({ ...t, record: [...t.record, strange] }), ['unknown-to-server'])
  assert.deepEqual((await checkRecord([...t.record, strange], t.history, { complete: false })).violations, [])
})
