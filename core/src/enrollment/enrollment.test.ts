/** Invitations and beginning: who gets in, once, and what a wrong, used, expired or raced code changes (nothing). */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isProblem, type ProblemCode } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { codeHash, newCode } from './code.ts'
import { clientHash } from './index.ts'
import { openWorld, type World } from './world.ts'

let t: TestDatabase
let w: World
before(async () => {
  t = await testDatabase()
  w = await openWorld(t.db, silentLog)
})
after(async () => {
  await w.close()
  await t.close()
})

const problem = (code: ProblemCode) => (e: unknown) => isProblem(e) && e.code === code
const serial = (value: string) => ({ kind: 'serial' as const, value })
const count = async (table: 'device' | 'enrolment' | 'channel' | 'oauth_client' | 'outbox' | 'audit') =>
  (
    await w.db.query<{ n: number }>({
      text: `select count(*) as n from ${table}`,
    })
  )[0]!.n
const all = async () =>
  Promise.all((['device', 'enrolment', 'channel', 'oauth_client', 'outbox', 'audit'] as const).map(count))

test('a code is 20 letters in groups, and reads the same however it is typed', () => {
  assert.match(newCode(), /^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/)
  const code = 'A1B0C-DEFGH-JKMNP-QRSTV'
  for (const typed of ['a1b0c defgh jkmnp qrstv', 'AIBOCDEFGHJKMNPQRSTV', 'alboc-defgh-jkmnp-qrstv'])
    assert.deepEqual(codeHash(typed), codeHash(code))
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 200 }),
      (s) => codeHash(s) === undefined || /^[\sA-Za-z0-9-]+$/.test(s),
    ),
  )
})

test('an invitation is shown once, stored as a hash, listed, withdrawn', async () => {
  const user = await w.user('ada')
  const { invitation, code } = await w.enrollment.invite({
    platform: 'linux',
    ownership: 'byod',
    user,
    expiresInS: 3600,
    actor: 'user:admin',
  })
  assert.deepEqual(
    [invitation.state, invitation.user, invitation.ownership],
    ['open', { id: String(user), name: 'ada' }, 'byod'],
  )
  const stored = await w.db.query<{ text: string }>(sql`select i::text as text from invitation i`)
  assert.ok(stored.every((r) => !r.text.includes(code)))
  const terms = await w.enrollment.look(code.toLowerCase())
  assert.deepEqual(terms, {
    platform: 'linux',
    ownership: 'byod',
    organisation: 'Example Corp',
    expiresAt: invitation.expiresAt,
    accepted: false,
  })
  await w.enrollment.invitations.revoke(invitation.id, 'user:admin')
  await w.enrollment.invitations.revoke(invitation.id, 'user:admin')
  await assert.rejects(w.enrollment.look(code), problem('invitation-revoked'))
  await assert.rejects(w.enrollment.begin({ code, platform: 'linux' }), problem('invitation-revoked'))
  const page = await w.enrollment.invitations.list({ limit: 1 })
  assert.deepEqual([page.items[0]!.id, page.items[0]!.state, page.next], [invitation.id, 'revoked', undefined])
  assert.equal((await w.enrollment.invitations.list({ limit: 10, state: 'open' })).items.length, 0)
  for (const id of ['999999', 'x', '1e9'])
    await assert.rejects(w.enrollment.invitations.revoke(id, 'user:admin'), problem('not-found'))
})

test('an invitation that could never work is refused', async () => {
  const base = {
    platform: 'linux',
    ownership: 'cope',
    actor: 'user:admin',
  } as const
  await assert.rejects(w.enrollment.invite({ ...base, platform: 'beos' }), problem('unknown-platform'))
  await assert.rejects(w.enrollment.invite({ ...base, ownership: 'dedicated' }), problem('invalid-request'))
  await assert.rejects(w.enrollment.invite({ ...base, user: 999_999 }), problem('invalid-request'))
  for (const expiresInS of [0, -1, 90 * 86400 + 1, 1.5, Number.NaN])
    await assert.rejects(w.enrollment.invite({ ...base, expiresInS }), problem('invalid-request'))
})

test('of ten who race with one code exactly one gets in', async () => {
  const code = await w.invite()
  const before = await all()
  const ends = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) =>
      w.enrollment.begin({
        code,
        platform: 'linux',
        identifiers: [serial(`RACE-${i}`)],
        client: { id: `race-${i}`, secretHash: Buffer.alloc(32, i) },
      }),
    ),
  )
  const won = ends.filter((e) => e.status === 'fulfilled')
  assert.equal(won.length, 1)
  for (const e of ends) if (e.status === 'rejected') assert.ok(problem('invitation-used')(e.reason), String(e.reason))
  const after = await all()
  assert.deepEqual(
    after.slice(0, 4),
    before.slice(0, 4).map((n) => n + 1),
  )
  const client = await w.db.query<{ channel: number; hash: Buffer }>(
    sql`select c.channel, r.hash from oauth_client c join credential r on r.channel = c.channel where c.id like 'race-%'`,
  )
  assert.equal(client.length, 1)
  assert.equal(client[0]!.channel, won[0]!.value.channel.no)
})

test('a wrong, used, expired or foreign code has its own word and changes nothing', async () => {
  const used = await w.invite()
  await w.enrollment.begin({ code: used, platform: 'linux' })
  const expired = await w.invite()
  await w.db.query(sql`update invitation set expires = now() - interval '1 second' where hash = ${codeHash(expired)}`)
  const foreign = await w.invite({ platform: 'windows' })
  const user = await w.user('gone')
  const disabled = await w.invite({ user })
  await w.db.query(sql`update app_user set disabled = true where no = ${user}`)
  const before = await all()
  const tries: [string, ProblemCode][] = [
    [newCode(), 'invitation-unknown'],
    ['', 'invitation-unknown'],
    ["'; drop table device; --", 'invitation-unknown'],
    [used, 'invitation-used'],
    [expired, 'invitation-expired'],
    [foreign, 'invitation-platform'],
    [disabled, 'invitation-revoked'],
  ]
  for (const [code, word] of tries) {
    await assert.rejects(w.enrollment.begin({ code, platform: 'linux' }), problem(word))
    if (word !== 'invitation-platform') await assert.rejects(w.enrollment.look(code), problem(word))
  }
  assert.deepEqual(await all(), before)
  await w.enrollment.begin({ code: foreign, platform: 'windows' })
})

test('whatever fails later, the code is not spent', async () => {
  const code = await w.invite()
  await w.enrollment.begin({
    code: await w.invite(),
    platform: 'linux',
    identifiers: [serial('AGAIN-1')],
    client: { id: 'taken', secretHash: Buffer.alloc(32) },
  })
  const before = await all()
  const b = {
    code,
    platform: 'linux',
    identifiers: [serial('AGAIN-1')],
    facts: { 'os.name': 'Debian' },
  }
  for (const port of ['closeEpoch', 'revokeCertificates', 'writeFacts'] as const) {
    w.failNext(port)
    await assert.rejects(w.enrollment.begin(b), new RegExp(`${port} failed`))
  }
  await assert.rejects(
    w.enrollment.begin({
      ...b,
      client: { id: 'taken', secretHash: Buffer.alloc(32, 1) },
    }),
    problem('already-exists'),
  )
  await assert.rejects(w.enrollment.begin({ ...b, client: { id: 'nobody' } }), problem('wrong-state'))
  await assert.rejects(w.enrollment.begin({ ...b, channel: 'root' }), problem('invalid-request'))
  await assert.rejects(w.enrollment.begin({ ...b, identifiers: [serial('a\0b')] }), problem('invalid-request'))
  await assert.rejects(w.enrollment.begin({ ...b, name: '\ud800' }), problem('invalid-request'))
  assert.deepEqual(await all(), before)
  assert.equal((await w.enrollment.look(code)).platform, 'linux')
  const { channel } = await w.enrollment.begin(b)
  assert.equal(channel.epoch, 2)
})

test('a device that comes again is the same device in the next epoch, and its old credentials are dead', async () => {
  const user = await w.user('grace')
  const first = (
    await w.enrollment.begin({
      code: await w.invite(),
      platform: 'linux',
      identifiers: [serial('SN-1')],
      client: { id: 'c1', secretHash: Buffer.alloc(32) },
      name: 'lab-1',
    })
  ).channel
  await w.enrollment.bindCredential(w.db, {
    channel: first.no,
    kind: 'key',
    hash: Buffer.alloc(32, 7),
  })
  await w.enrollment.activate({ channel: first.no })
  w.asked.closed.length = 0
  const second = (
    await w.enrollment.begin({
      code: await w.invite({ user }),
      platform: 'linux',
      identifiers: [serial(' SN-1 ')],
      name: 'other',
    })
  ).channel
  assert.deepEqual([second.device, second.epoch, second.lifecycle], [first.device, 2, 'created'])
  const [device] = await w.db.query(sql`select name, owner, lifecycle, removed from device where id = ${first.device}`)
  assert.deepEqual(device, {
    name: 'lab-1',
    owner: user,
    lifecycle: 'created',
    removed: null,
  })
  const alive = await w.db.query(
    sql`select from credential where channel = ${first.no} and revoked is null union all select from oauth_client where channel = ${first.no} and revoked is null`,
  )
  assert.equal(alive.length, 0)
  assert.deepEqual(w.asked.closed, [first.no])
  assert.ok(w.asked.certificates.includes(first.no))
  await assert.rejects(
    w.enrollment.bindCredential(w.db, {
      channel: first.no,
      kind: 'key',
      hash: Buffer.alloc(32, 8),
    }),
    problem('device-gone'),
  )
  await assert.rejects(w.enrollment.activate({ channel: first.no }), problem('device-gone'))
  const said = await w.db.query<{
    type: string
    data: Record<string, unknown>
  }>(
    sql`select type, data from outbox where data ->> 'device' = ${first.device} or data -> 'channels' @> ${String(first.no)}::jsonb order by xid, no`,
  )
  assert.deepEqual(
    said.map((s) => s.type),
    ['device.changed', 'device.enrolled', 'credentials.revoked', 'device.removed', 'device.changed'],
  )
})

test('two invitations used at once for one device give it two epochs, never two rows', async () => {
  const codes = await Promise.all(Array.from({ length: 6 }, () => w.invite()))
  const ends = await Promise.all(
    codes.map((code) =>
      w.enrollment.begin({
        code,
        platform: 'linux',
        identifiers: [serial('TWIN'), { kind: 'machine-id', value: 'twin-machine' }],
      }),
    ),
  )
  assert.equal(new Set(ends.map((e) => e.channel.device)).size, 1)
  assert.deepEqual(ends.map((e) => e.channel.epoch).sort(), [1, 2, 3, 4, 5, 6])
})

test('the same serial on another platform is another device', async () => {
  const linux = (
    await w.enrollment.begin({
      code: await w.invite(),
      platform: 'linux',
      facts: { 'device.identifiers': [serial('DUAL-BOOT')] },
    })
  ).channel
  const windows = (
    await w.enrollment.begin({
      code: await w.invite({ platform: 'windows' }),
      platform: 'windows',
      identifiers: [serial('DUAL-BOOT')],
    })
  ).channel
  assert.notEqual(linux.device, windows.device)
  assert.equal(linux.epoch, 1)
})

test("another person's invitation does not take over a device by its serial; nothing is spent", async () => {
  const [ann, bob] = [await w.user('ann'), await w.user('bob')]
  const identifiers = [serial('TAKEN-1')]
  const first = (await w.enrollment.begin({ code: await w.invite({ user: ann }), platform: 'linux', identifiers }))
    .channel
  await w.enrollment.activate({ channel: first.no })
  const code = await w.invite({ user: bob })
  const before = await all()
  await assert.rejects(w.enrollment.begin({ code, platform: 'linux', identifiers }), problem('device-owned'))
  assert.deepEqual(await all(), before)
  const again = (await w.enrollment.begin({ code: await w.invite({ user: ann }), platform: 'linux', identifiers }))
    .channel
  assert.equal(again.device, first.device)
  assert.equal(again.epoch, 2)
})

test('an invitation of nobody: the device keeps its owner by proof alone, and its timeline says whose it was', async () => {
  const ann = await w.user('ann-2')
  const begin = async (o: { user?: number; proven?: ('serial' | 'imei')[]; value?: string }) => {
    const identifiers = [serial(o.value ?? 'PROOF-1'), { kind: 'imei' as const, value: `${o.value ?? 'PROOF-1'}-imei` }]
    const b = { platform: 'linux', identifiers, proven: o.proven }
    const { channel } = await w.enrollment.begin({ ...b, code: await w.invite({ user: o.user }) })
    await w.enrollment.activate({ channel: channel.no })
    const [device] = await w.db.query<{ owner: number | null; no: number }>(
      sql`select owner, no from device where id = ${channel.device}`,
    )
    const told = await w.db.query<{ type: string; severity: string; data: { was: string } }>(
      sql`select type, severity, data from device_event where device = ${device?.no} order by no`,
    )
    return { device: channel.device, owner: device?.owner, told: told.map((e) => [e.type, e.severity, e.data]) }
  }
  const first = await begin({ user: ann, proven: ['serial'] })
  const erased = await begin({ proven: ['serial'] })
  assert.deepEqual(erased, { device: first.device, owner: ann, told: [] }, 'the same device by its maker’s word')
  const said = await begin({ proven: ['imei'] })
  const line = { was: 'ann-2', now: null, why: 'invitation-of-nobody' }
  assert.deepEqual(said, {
    device: first.device,
    owner: null,
    told: [['device.owner-changed', 'warning', line]],
  })
  // Whoever only said so meanwhile took the proof away: what is said of an owner later is not carried over.
  await begin({ user: ann })
  assert.equal((await begin({ proven: ['serial'] })).owner, null)
  // A proof on one side is none: the first time it was only said.
  await begin({ user: ann, value: 'PROOF-2' })
  assert.equal((await begin({ proven: ['serial', 'imei'], value: 'PROOF-2' })).owner, null)
})

test('a new owner by an administrator’s hand is in the timeline, too', async () => {
  const [ann, ben] = [await w.user('ann-3'), await w.user('ben-3')]
  const { channel } = await w.enrollment.begin({ code: await w.invite({ user: ann }), platform: 'linux' })
  await w.enrollment.setOwnership({ device: channel.device, owner: ben, actor: 'user:admin' })
  const told = await w.db.query(
    sql`select e.severity, e.data from device_event e join device d on d.no = e.device where d.id = ${channel.device}`,
  )
  assert.deepEqual(told, [{ severity: 'info', data: { was: 'ann-3', now: 'ben-3', why: 'administrator' } }])
})

test('credentials are bound to one channel', async () => {
  const a = (await w.enrollment.begin({ code: await w.invite(), platform: 'linux' })).channel
  const b = (await w.enrollment.begin({ code: await w.invite(), platform: 'linux' })).channel
  const hash = clientHash('bound')
  await w.enrollment.bindCredential(w.db, {
    channel: a.no,
    kind: 'client',
    hash,
  })
  await w.enrollment.bindCredential(w.db, {
    channel: a.no,
    kind: 'client',
    hash,
    expires: new Date('2030-01-01T00:00:00Z'),
  })
  await assert.rejects(w.enrollment.bindCredential(w.db, { channel: b.no, kind: 'client', hash }), problem('conflict'))
  const rows = await w.db.query(sql`select channel, expires from credential where hash = ${hash}`)
  assert.deepEqual(rows, [{ channel: a.no, expires: new Date('2030-01-01T00:00:00Z') }])
})
