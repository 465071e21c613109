/** An operation whose words say that it erases ends the enrolment once it is done, whether or not the device still says farewell. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pull } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import { type CoreBench, createHarness } from '../testing/index.ts'
import { phone } from './world.ts'

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([pull])
})
after(() => bench.close())

const lifecycle = async (device: string) =>
  (await bench.db.query<{ lifecycle: string }>(sql`select lifecycle from device where id = ${device}::uuid`))[0]
    ?.lifecycle

for (const [word, answer, state, ends] of [
  ['done', 'Acknowledged', 'completed', true],
  ['failed', 'Error', 'failed', false],
] as const) {
  test(`a wipe that the device calls ${word}${ends ? ' ends the enrolment without a farewell' : ' changes nothing of the enrolment'}`, async () => {
    const p = await phone(bench)
    const id = await bench.send('pull.wipe', {}, [p.channel])
    assert.equal(await p.idle(), undefined, 'it is held first')
    await bench.lapse(p.channel, 'due')
    await bench.tick()
    const command = await p.idle()
    assert.ok(command)
    await p.answer(command.id, answer)
    assert.equal((await bench.operation(id, p.channel))?.state, state)
    assert.equal(await lifecycle(p.channel.device), ends ? 'removed' : 'active')
    const [row] = await bench.db.query<{ reason: string | null; revoked: boolean }>(sql`
      select e.reason, exists (select from credential c where c.channel = ${p.channel.no} and c.revoked is not null) as revoked
      from enrolment e join channel c on c.enrolment = e.no where c.no = ${p.channel.no}`)
    assert.deepEqual(row, ends ? { reason: 'wiped', revoked: true } : { reason: null, revoked: false })
    if (!ends) return
    // Its farewell comes late, or its answer twice: nothing changes, and the audit has the end once.
    await p.raw({ status: answer, id: command.id })
    const [told] = await bench.db.query<{ n: number }>(
      sql`select count(*)::int as n from audit where act = 'device.remove' and subject = ${`device:${p.channel.device}`}`,
    )
    assert.equal(told?.n, 1)
  })
}
