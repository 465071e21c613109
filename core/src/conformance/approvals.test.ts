/** What goes beyond one person's budget stands until a second one decides: on a real database, by whoever may come. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isProblem, type ProblemCode } from '@muster/contract'
import { pull } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import { everywhere, type Principal, system } from '../access/index.ts'
import { type CoreBench, createHarness } from '../testing/index.ts'
import { phone } from './world.ts'

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([pull])
  // Two who may approve: from then on the guard holds.
  for (const one of [await person(), await person()]) await administrator(one)
})
after(() => bench.close())

let people = 0
/** A person with a budget of their own, whose account is as old as the installation. */
async function person(o: { by?: string } = {}): Promise<Principal> {
  const name = `person-${++people}`
  await bench.core.access.users.create({ name, displayName: name }, { ...system, actor: o.by ?? 'system' })
  const [row] = await bench.db.query<{ no: number }>(sql`select no from app_user where name = ${name}`)
  const grant = { permissions: ['*'], reach: everywhere }
  return { kind: 'user', id: name, name, actor: `user:${name}`, ...grant, grants: [grant], user: row?.no }
}
async function administrator({ user }: Principal): Promise<void> {
  const name = `approver-${user}`
  const role = await bench.core.access.roles.create({ name, title: name, permissions: ['*'] }, system)
  await bench.core.access.users.assign(String(user), [{ role: role.id }], system)
}
const problem = (code: ProblemCode) => (e: unknown) => isProblem(e) && e.code === code
async function devices(n: number): Promise<string[]> {
  const all: string[] = []
  for (let i = 0; i < n; i++) all.push((await phone(bench)).channel.device)
  return all
}
const wipe = (principal: Principal, of: readonly string[]) =>
  bench.core.operations.send({ operation: 'pull.wipe', params: {}, target: { devices: of }, principal })

const rows = (activity: string) =>
  bench.db.query<{ state: string; due: Date | null }>(sql`select state, due from pending where activity = ${activity}`)
/** How the activity, the list of them and the device's timeline tell of the approval. */
async function seen(activity: string, device: string) {
  const { operations } = bench.core
  const listed = (await operations.activities({ limit: 5 })).items.find((one) => one.id === activity)
  const [row] = await bench.db.query<{ no: number }>(sql`select no from device where id = ${device}`)
  const timeline = await operations.ofDevice(row?.no ?? 0, { limit: 5 })
  return {
    activity: (await operations.activity(Number(activity))).approval,
    listed: listed?.approval,
    device: timeline.items.find((one) => one.activity === activity)?.approval,
  }
}
const decide = (activity: string, principal: Principal, approve = true) =>
  bench.core.approvals.decide({ activity: Number(activity), approve, note: 'looked at', principal })

test('one goes by itself, the next waits; nothing of it goes out, and somebody else lets it go', async () => {
  const [eve, ada] = [await person(), await person()]
  const [a, b] = await devices(2)
  const alone = await wipe(eve, [a!])
  assert.equal(alone.approval, undefined)
  assert.deepEqual(await seen(alone.id, a!), { activity: null, listed: null, device: null })
  const sent = await wipe(eve, [b!])
  assert.equal(sent.approval, 'waiting')
  assert.deepEqual(await rows(sent.id), [{ state: 'held', due: null }])
  assert.deepEqual(await seen(sent.id, b!), { activity: 'waiting', listed: 'waiting', device: 'waiting' })
  await bench.tick()
  assert.deepEqual(await rows(sent.id), [{ state: 'held', due: null }], 'time alone lets nothing go')
  const waiting = await bench.core.approvals.read(Number(sent.id))
  assert.deepEqual([waiting.state, waiting.actor, waiting.devices, waiting.kind], ['waiting', eve.actor, 1, 'wipe'])
  assert.equal(waiting.sample[0]?.id, b)
  await assert.rejects(decide(sent.id, eve), problem('own-approval'))
  const done = await decide(sent.id, ada)
  assert.deepEqual([done.state, done.decidedBy, done.note], ['approved', ada.actor, 'looked at'])
  assert.deepEqual(await seen(sent.id, b!), { activity: 'approved', listed: 'approved', device: null })
  const [row] = await rows(sent.id)
  assert.equal(row?.state, 'held')
  assert.ok(row.due, 'the usual window begins now, and one click cancels it')
  await assert.rejects(decide(sent.id, ada, false), problem('wrong-state'))
  const acts = await bench.db.query<{ act: string }>(
    sql`select act from audit where subject = ${`activity:${sent.id}`} and act like 'approval.%' order by no`,
  )
  assert.deepEqual(
    acts.map((r) => r.act),
    ['approval.ask', 'approval.approve'],
  )
  const alarms = await bench.core.alerts.list({ reach: everywhere, limit: 50, type: 'guard.budget-exceeded' })
  assert.ok(alarms.items.some((x) => (x.data as { activity?: number }).activity === Number(sent.id)))
})

test('while something of theirs waits, all that is destructive of theirs waits', async () => {
  const eve = await person()
  const [a, b, c] = await devices(3)
  assert.equal((await wipe(eve, [a!, b!, c!])).approval, 'waiting')
  assert.equal((await wipe(eve, [a!])).approval, 'waiting', 'one alone would have been within the budget')
})

test('accounts and clients that somebody else made or changed lately have one budget together', async () => {
  const [eve, bob] = [await person(), await person()]
  const { users, clients } = bench.core.access
  const made = [await person({ by: eve.actor }), await person({ by: eve.actor })]
  const all = await devices(6)
  const alone = async (who: Principal) => (await wipe(who, [all.pop()!])).approval === undefined
  const ofClient = (id: string): Principal => ({ ...system, id, name: id, actor: `client:${id}` })
  assert.deepEqual([await alone(made[0]!), await alone(made[1]!)], [true, false])
  await users.setPassword(String(bob.user), 'not the word of before', eve)
  assert.equal(await alone(bob), false, 'nor that of whom they took the account')
  const { client } = await clients.create({ name: 'job', scopes: ['*'] }, eve)
  assert.equal(await alone(ofClient(client.id)), true, 'a client of their own spends their own budget')
  const { client: second } = await clients.create({ name: 'job of a job', scopes: ['*'] }, ofClient(client.id))
  assert.equal(await alone(ofClient(second.id)), false, 'nor by clients that clients make')
  assert.equal(await alone(eve), false)
})

test('many at once spend one budget', async () => {
  const eve = await person()
  const all = await devices(6)
  const sent = await Promise.all(all.map((d) => wipe(eve, [d])))
  assert.equal(sent.filter((s) => s.approval === undefined).length, 1)
})

test('declined, withdrawn and expired end it, and its timeline says why', async () => {
  const [eve, ada] = [await person(), await person()]
  const [a, b] = await devices(2)
  const ask = async () => (await wipe(eve, [a!, b!])).id
  const declined = await ask()
  await decide(declined, ada, false)
  const reason = await bench.db.query<{ state: string; code: string }>(
    sql`select state, reason ->> 'code' as code from history where activity = ${declined}`,
  )
  assert.deepEqual(reason, [
    { state: 'cancelled', code: 'declined' },
    { state: 'cancelled', code: 'declined' },
  ])
  assert.deepEqual((await bench.core.operations.activity(Number(declined))).counts, { cancelled: 2 })
  const taken = await ask()
  await bench.core.operations.cancel(Number(taken), eve)
  assert.equal((await bench.core.approvals.read(Number(taken))).state, 'withdrawn')
  await assert.rejects(decide(taken, ada), problem('wrong-state'))
  const late = await ask()
  await bench.db.query(sql`update approval set expires = now() - interval '1 second' where activity = ${late}`)
  assert.equal(await bench.core.approvals.tick(), 1)
  assert.equal((await bench.core.approvals.read(Number(late))).state, 'expired')
  assert.equal((await rows(late)).length, 0)
})

test('cancelled in part by somebody who reaches a part, the rest waits on', async () => {
  const [eve, ada] = [await person(), await person()]
  const [a, b] = await devices(2)
  const sent = await wipe(eve, [a!, b!])
  await bench.db.query(sql`update device set owner = ${ada.user} where id = ${a}`)
  const part: Principal = { ...ada, grants: undefined, reach: { all: false, groups: [], owner: ada.user } }
  assert.deepEqual(await bench.core.operations.cancel(Number(sent.id), part), { cancelled: 1, cancelling: 0 })
  assert.equal((await bench.core.approvals.read(Number(sent.id))).state, 'waiting')
  await assert.rejects(decide(sent.id, part), problem('forbidden'), 'who reaches a part cannot let go the rest')
})

test('an approver is a person whose account nobody touched lately', async () => {
  const eve = await person()
  const [a, b] = await devices(2)
  const sent = await wipe(eve, [a!, b!])
  const puppet = await person({ by: eve.actor })
  await assert.rejects(decide(sent.id, puppet), problem('approver-unsettled'))
  const program: Principal = { ...(await person()), kind: 'client', actor: 'client:ci', user: undefined }
  await assert.rejects(decide(sent.id, program), problem('own-approval'))
  assert.equal((await bench.core.approvals.read(Number(sent.id))).state, 'waiting')
})

test('an API client spends the budget of whose it is', async () => {
  const eve = await person()
  const [a, b] = await devices(2)
  await bench.db.query(sql`
    insert into oauth_client (id, name, metadata, owner) values (${`of-${eve.name}`}, 'x', '{}', ${eve.user}), (${`too-${eve.name}`}, 'x', '{}', ${eve.user})`)
  const client = (id: string): Principal => ({ ...eve, kind: 'client', id, actor: `client:${id}`, user: undefined })
  assert.equal((await wipe(client(`of-${eve.name}`), [a!])).approval, undefined)
  const sent = await wipe(client(`too-${eve.name}`), [b!])
  assert.equal(sent.approval, 'waiting')
  await assert.rejects(decide(sent.id, eve), problem('own-approval'))
})

test('a device that was its owner’s own until now is not wiped by one person', async () => {
  const eve = await person()
  const p = await phone(bench, { ownership: 'byod' })
  await bench.core.enrollment.setOwnership({ device: p.channel.device, ownership: 'cope', actor: eve.actor })
  assert.equal((await wipe(eve, [p.channel.device])).approval, 'waiting')
})

test('a guard that is weakened holds as it was for a day', async () => {
  const eve = await person()
  const [a, b] = await devices(2)
  const before = bench.core.configuration.get('guard')
  const wide = { tenMinutes: 100, day: 100, sharePercent: 100, atLeast: 100 }
  await bench.core.configuration.put('guard', { wipes: wide }, { revision: before.revision, actor: eve.actor })
  assert.equal((await wipe(eve, [a!, b!])).approval, 'waiting')
  await bench.db.query(sql`update guard_before set until = now() - interval '1 second'`)
  assert.equal((await wipe(await person(), [a!, b!])).approval, undefined)
})

test('removing many waits, and begins with the approval', async () => {
  const [eve, ada] = [await person(), await person()]
  const all = await devices(22)
  const sent = await bench.core.operations.send({
    operation: 'device.disenrol',
    params: {},
    target: { devices: all },
    principal: eve,
  })
  assert.equal(sent.approval, 'waiting')
  const leaving = () =>
    bench.db.query(
      sql`select from enrolment e join device d on d.no = e.device where d.id = any(${all}) and e.state = 'disenrolling'`,
    )
  assert.equal((await leaving()).length, 0)
  await assert.rejects(
    bench.core.enrollment.disenrol({ device: all[0]!, actor: eve.actor }),
    problem('approval-needed'),
  )
  await decide(sent.id, ada)
  assert.equal((await leaving()).length, sent.targets)
  assert.ok((await rows(sent.id)).every((r) => r.state === 'pending'))
})

test('where nobody else could approve, nothing stands; taking the other one away does not end the guard at once', async () => {
  const alone = await createHarness().open([pull])
  const usual = bench
  bench = alone
  try {
    const [one, other] = [await person(), await person()]
    await administrator(one)
    const all = await devices(6)
    const guarded = async () => (await alone.core.approvals.list({ limit: 1 })).inForce
    assert.equal(await guarded(), false)
    for (const d of all.slice(0, 3)) assert.equal((await wipe(one, [d])).approval, undefined)
    await administrator(other)
    assert.equal(await guarded(), true)
    assert.equal((await wipe(one, [all[3]!])).approval, undefined, 'what came before is not counted')
    assert.equal((await wipe(one, [all[4]!])).approval, 'waiting')
    await alone.core.access.users.remove(String(other.user), { ...one, kind: 'user' })
    assert.equal((await wipe(one, [all[5]!])).approval, 'waiting')
  } finally {
    bench = usual
    await alone.close()
  }
})
