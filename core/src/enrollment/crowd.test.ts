/** Devices that come in crowds: each as if it had come alone, whatever comes beside it, and by few statements. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isProblem } from '@muster/contract'
import sql from 'sql-template-tag'
import { type CountingDb, countingDb, silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { clientHash } from './index.ts'
import { openWorld, type World } from './world.ts'

let t: TestDatabase
let db: CountingDb
let w: World
before(async () => {
  t = await testDatabase()
  db = countingDb(t.db)
  w = await openWorld(db, silentLog)
})
after(async () => {
  await w.close()
  await t.close()
})

const serial = (value: string) => ({ kind: 'serial' as const, value })
const client = (id: string) => ({ id, name: `of ${id}`, secretHash: Buffer.alloc(32, id), metadata: { a: id } })
const codes = (n: number) => Promise.all(Array.from({ length: n }, () => w.invite()))
const rows = <T>(text: string, device: string) => t.db.query<T>({ text, values: [device] })
/** All that is kept of a device, without what differs between any two. */
async function kept(id: string) {
  const [device] = await rows<object>(
    `select d.platform, d.owner, d.ownership, d.name, d.lifecycle, d.blocked, d.revision, e.epoch, e.state, e.blocked as e_blocked, e.ownership as e_ownership,
      e.deadline between now() + interval '23 hours' and now() + interval '24 hours' as day, e.licence, e.activated is null as fresh, c.epoch as c_epoch, c.name as c_name, c.closed,
      i.used is not null as used, i.used_by = d.no as by_it, e.invitation = i.no as of_it, o.name as client, o.metadata, o.scopes, o.channel = c.no as bound, k.kind, k.channel = c.no as k_bound, k.revoked
    from device d join enrolment e on e.device = d.no join channel c on c.enrolment = e.no left join invitation i on i.used_by = d.no
      left join oauth_client o on o.channel = c.no left join credential k on k.channel = c.no where d.id = $1`,
    id,
  )
  const identifiers = await rows<object>(
    `select i.kind, i.until from identifier i join device d on d.no = i.device where d.id = $1 order by i.kind, i.value`,
    id,
  )
  const audit = await rows<object>(
    `select act, actor = subject as self, detail - 'invitation' - 'channel' as detail, detail ? 'channel' as has from audit where subject = 'device:' || $1 order by no`,
    id,
  )
  const events = await rows<object>(
    `select type, data - 'device' - 'channel' as data from outbox where data ->> 'device' = $1 order by xid, no`,
    id,
  )
  return { device, identifiers, audit, events }
}

test('a crowd comes in as each of it would have come alone, by few statements', async () => {
  const n = 20
  const begin = (code: string, i: number, name: string) =>
    w.enrollment.begin({
      code,
      platform: 'linux',
      identifiers: [serial(`${name}-${i}`), { kind: 'mac', value: `${name}:${i}` }],
      client: client(`${name}-${i}`),
      name: 'same',
    })
  const [one] = await codes(1)
  const alone = await begin(one ?? '', 0, 'alone')
  const many = await codes(n)
  const counts = await db.count(async () => {
    const all = await Promise.all(many.map((code, i) => begin(code, i, 'crowd')))
    assert.equal(new Set(all.map((a) => a.channel.no)).size, n)
    const like = await kept(alone.channel.device)
    for (const [i, { channel }] of all.entries()) {
      const mine = await kept(channel.device)
      const text = (v: unknown) => JSON.stringify(v).replaceAll(`crowd-${i}`, 'X').replaceAll('alone-0', 'X')
      assert.equal(text(mine), text(like))
      assert.deepEqual(
        { ...channel, no: 0, device: '', deviceNo: 0 },
        { ...alone.channel, no: 0, device: '', deviceNo: 0 },
      )
      const [bound] = await rows<{ hash: Buffer }>(
        `select k.hash from credential k join channel c on c.no = k.channel join device d on d.no = c.device where d.id = $1`,
        channel.device,
      )
      assert.deepEqual(bound?.hash, clientHash(`crowd-${i}`))
    }
  })
  // One transaction for all: what is counted beside is what this test asks for itself.
  assert.ok(counts.transactions <= 2, `${counts.transactions} transactions`)
  assert.ok(counts.statements < 3 * n, `${counts.statements} statements`)
})

test('what is wrong with some is told to them, and the others come in', async () => {
  const [fresh, used, foreign, same, again, taken, known, race] = await codes(8)
  const begin = (code: string | undefined, more: object = {}) =>
    w.enrollment.begin({ code: code ?? '', platform: 'linux', ...more }).then(
      (r) => r.channel,
      (e: unknown) => (isProblem(e) ? e.code : Promise.reject(e)),
    )
  await begin(used, { identifiers: [serial('before')] })
  await begin((await codes(1))[0], { client: client('taken'), identifiers: [serial('known')] })
  const before = await t.db.query<{ n: number }>(sql`select count(*) as n from device`)
  const said = await Promise.all([
    begin(fresh, { identifiers: [serial('fresh')] }),
    begin(used),
    begin('no code'),
    begin('AAAAA-AAAAA-AAAAA-AAAAA'),
    begin(foreign, { platform: 'windows' }),
    begin(same, { identifiers: [serial('twin')] }),
    begin(again, { identifiers: [serial('twin')] }),
    begin(taken, { client: client('taken') }),
    begin(known, { identifiers: [serial('known')] }),
    ...Array.from({ length: 5 }, () => begin(race)),
  ])
  const words = said.map((s) => (typeof s === 'string' ? s : 'in'))
  assert.deepEqual(words.slice(0, 9), [
    'in',
    'invitation-used',
    'invitation-unknown',
    'invitation-unknown',
    'invitation-platform',
    'in',
    'in',
    'already-exists',
    'in',
  ])
  assert.deepEqual(words.slice(9).sort(), ['in', ...Array.from({ length: 4 }, () => 'invitation-used')])
  const device = (i: number) => (said[i] as { device: string }).device
  assert.equal(device(5), device(6), 'twins are one device')
  const after = await t.db.query<{ n: number }>(sql`select count(*) as n from device`)
  // fresh, twin, and the winner of the race; the known one came back.
  assert.equal((after[0]?.n ?? 0) - (before[0]?.n ?? 0), 3)
  const [open] = await t.db.query<{ n: number }>(
    sql`select count(*) as n from invitation where used is null and no in (select no from invitation order by no desc limit 9)`,
  )
  assert.equal(open?.n, 2, 'foreign and taken are unspent')
})

test('crowds of several nodes with the same codes and identifiers: each code once, each identifier one device', async () => {
  const other = await openWorld2()
  try {
    const many = await codes(30)
    const enter = (world: Pick<World, 'enrollment'>) =>
      many.map((code, i) =>
        world.enrollment.begin({ code, platform: 'linux', identifiers: [serial(`shared-${i % 15}`)] }).then(
          () => 'in',
          (e: unknown) => (isProblem(e) ? e.code : Promise.reject(e)),
        ),
      )
    const said = await Promise.all([...enter(w), ...enter(other)])
    assert.deepEqual(
      [said.filter((s) => s === 'in').length, said.filter((s) => s === 'invitation-used').length],
      [30, 30],
    )
    const found = await t.db.query<{ value: string; devices: number; open: number }>(sql`
      select i.value, count(distinct i.device) as devices, count(*) filter (where e.state <> 'removed') as open
      from identifier i join enrolment e on e.device = i.device where i.value like 'shared-%' and i.until is null group by 1`)
    assert.equal(found.length, 15)
    for (const f of found) assert.deepEqual([f.devices, f.open], [1, 1], f.value)
  } finally {
    await other.close()
  }
})

test('a crowd becomes active together; facts, repeats, the gone and those who owe a licence keep their own answers', async () => {
  const all = await Promise.all(
    (await codes(12)).map((code) => w.enrollment.begin({ code, platform: 'linux' }).then((r) => r.channel)),
  )
  const [gone, second] = [all[0]!, all[1]!]
  await w.enrollment.confirmGone({ channel: gone.no, reason: 'left', actor: 'system' })
  const agent = await w.enrollment.addChannel(second.no, 'agent')
  const counts = await db.count(async () => {
    const said = await Promise.all(
      [...all, agent, { no: 999_999 }, second].map((c, i) =>
        w.enrollment.activate({ channel: c.no, ...(i === 3 ? { facts: { 'os.name': 'Debian' } } : {}) }).then(
          (r) => r.lifecycle,
          (e: unknown) => (isProblem(e) ? e.code : Promise.reject(e)),
        ),
      ),
    )
    const active = Array.from({ length: 11 }, () => 'active')
    assert.deepEqual(said, ['device-gone', ...active, 'active', 'not-found', 'active'])
  })
  assert.ok(counts.transactions <= 6, `${counts.transactions} transactions`)
  for (const c of all.slice(1)) {
    const { audit, events } = await kept(c.device)
    const acts = audit.map((a) => (a as { act: string }).act)
    assert.equal(acts.filter((a) => a === 'device.activate').length, 1)
    assert.equal(events.filter((e) => (e as { type: string }).type === 'device.enrolled').length, 1)
  }
  assert.ok(w.asked.facts.some(([device, facts]) => device === all[3]?.deviceNo && facts['os.name'] === 'Debian'))
  const [state] = await t.db.query<{ n: number }>(
    sql`select count(*) as n from enrolment e join device d on d.no = e.device where d.id = any(${all.slice(1).map((c) => c.device)}::uuid[]) and e.state = 'active' and e.deadline is null and e.activated is not null and d.lifecycle = 'active' and d.revision = 2`,
  )
  assert.equal(state?.n, 11)
})

/** Another node on the same database: its own queue of beginners. */
async function openWorld2(): Promise<Pick<World, 'enrollment' | 'close'>> {
  const { createAudit } = await import('../audit/index.ts')
  const { createEvents } = await import('../events/index.ts')
  const { createEnrollment } = await import('./index.ts')
  const { generateKeyPairSync } = await import('node:crypto')
  const events = createEvents({ db: t.db, log: silentLog })
  const audit = createAudit({ db: t.db, log: silentLog, signingKey: generateKeyPairSync('ed25519').privateKey })
  const nothing = async () => undefined
  const enrollment = createEnrollment({
    db: t.db,
    events,
    audit,
    log: silentLog,
    ports: {
      closeEpoch: nothing,
      demandRemoval: nothing,
      sendDisenrol: nothing,
      writeFacts: nothing,
      revokeCertificates: nothing,
      certify: async () => [],
      moveChannels: nothing,
      organisation: () => 'Muster',
    },
  })
  return { enrollment, close: () => events.close() }
}

const certified = async (n: number) =>
  Promise.all(
    (await codes(n)).map(async (code) => (await w.enrollment.certify(code, 'linux', Buffer.from(code)))[0] as Buffer),
  )

test('devices that come by certificates come in as each would have come alone, by few statements', async () => {
  const n = 20
  const begin = (certificate: Buffer | undefined, i: number, name: string) =>
    w.enrollment.begin({
      certificate: certificate ?? Buffer.alloc(0),
      platform: 'linux',
      identifiers: [serial(`${name}-${i}`)],
      facts: { 'device.model': `${name}-${i}` },
      name: 'same',
    })
  const [one] = await certified(1)
  const alone = await begin(one, 0, 'by-itself')
  const many = await certified(n)
  const said = w.asked.facts.length
  const counts = await db.count(async () => {
    const all = await Promise.all(many.map((certificate, i) => begin(certificate, i, 'with-others')))
    assert.equal(new Set(all.map((a) => a.channel.no)).size, n)
    const like = await kept(alone.channel.device)
    for (const [i, { channel }] of all.entries()) {
      const mine = await kept(channel.device)
      const text = (v: unknown) => JSON.stringify(v).replaceAll(`with-others-${i}`, 'X').replaceAll('by-itself-0', 'X')
      assert.equal(text(mine), text(like))
      const shown = await rows<{ bound: boolean; same: boolean; hash: boolean }>(
        `select x.channel = c.no as bound, k.expires = x.not_after as same, k.hash = x.fingerprint as hash
          from channel c join device d on d.no = c.device join credential k on k.channel = c.no join certificate x on x.invitation = (select e.invitation from enrolment e where e.no = c.enrolment) where d.id = $1`,
        channel.device,
      )
      assert.deepEqual(shown, [{ bound: true, same: true, hash: true }])
    }
    assert.deepEqual(
      w.asked.facts.slice(said).map(([device, facts]) => [device, facts['device.model']]),
      all.map((a, i) => [a.channel.deviceNo, `with-others-${i}`]),
    )
  })
  assert.ok(counts.transactions <= 2, `${counts.transactions} transactions`)
})

test('of certificates some are worth nothing: that is told to who brings them, and the others come in', async () => {
  const [fresh, revoked, twice, known, again] = await certified(5)
  const begin = (certificate: Buffer | undefined, more: object = {}) =>
    w.enrollment.begin({ certificate: certificate ?? Buffer.alloc(0), platform: 'linux', ...more }).then(
      (r) => r.channel,
      (e: unknown) => (isProblem(e) ? e.code : Promise.reject(e)),
    )
  await t.db.query({ text: 'update certificate set revoked = now() where certificate = $1', values: [revoked] })
  const before = await begin((await certified(1))[0], { identifiers: [serial('came before')] })
  const first = await begin(again, { identifiers: [serial('comes again')] })
  const said = await Promise.all([
    begin(fresh, { identifiers: [serial('comes first')] }),
    begin(revoked),
    begin(Buffer.from('no certificate of ours')),
    begin(twice, { identifiers: [serial('comes twice')] }),
    begin(twice, { identifiers: [serial('comes twice')] }),
    begin(known, { identifiers: [serial('came before')] }),
    begin(again, { identifiers: [serial('comes again')] }),
    begin((await certified(1))[0], { platform: 'windows' }),
  ])
  const heads = said.map((s) => (typeof s === 'string' ? s : 'in'))
  assert.deepEqual(heads, ['in', 'device-gone', 'device-gone', 'in', 'in', 'in', 'in', 'invitation-platform'])
  const no = (i: number | object | string) => (typeof i === 'object' && 'no' in i ? i.no : undefined)
  assert.equal(no(said[3] as object), no(said[4] as object), 'a repeat is the same enrolment')
  assert.equal(no(said[6] as object), no(first), 'and so it is later')
  const device = (i: unknown) => (i as { deviceNo: number }).deviceNo
  assert.equal(device(said[5]), device(before), 'a known device is known again')
})
