/** Webhooks against other sides that hang, fail, refuse and come back: nothing lost, order kept, nobody else held up. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { isProblem, type ProblemCode } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { type Principal, system } from '../access/index.ts'
import { createAudit } from '../audit/index.ts'
import { createEvents, type Events } from '../events/index.ts'
import { openSecrets } from '../secrets/index.ts'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { openLine, type Times } from './line.ts'
import type { Poster } from './poster.ts'
import { messageId, newSecret, signature } from './signature.ts'
import { type HookRow, hookColumns } from './store.ts'
import { createWebhooks } from './webhooks.ts'

interface Message {
  url: string
  headers: Readonly<Record<string, string>>
  body: { type: string; timestamp: string; data: { group: number } }
}
/** Answers of the other sides by address; each call asks anew. */
const sides = new Map<string, (m: Message, signal: AbortSignal) => Promise<number> | number>()
const heard: Message[] = []
const poster: Poster = {
  refusal: (url) => (url.protocol === 'https:' ? undefined : 'not https'),
  post: async ({ url, headers, body, signal }) => {
    const message = { url, headers, body: JSON.parse(body) as Message['body'] }
    const status = (await sides.get(url)?.(message, signal)) ?? 200
    heard.push(message)
    return { status }
  },
}
const hang = (_: Message, signal: AbortSignal) =>
  new Promise<number>((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(new Error('no answer in time'))),
  )

let t: TestDatabase
let events: Events
let folder: string
let readers: Map<string, Principal>
let make: (times?: Partial<Times>) => ReturnType<typeof createWebhooks>
const quick = { firstWaitMs: 20, longestWaitMs: 50, patienceS: 3600, limitMs: 300 }
before(async () => {
  t = await testDatabase({ alone: true })
  folder = mkdtempSync(join(tmpdir(), 'muster-webhooks-'))
  events = createEvents({ db: t.db, log: silentLog })
  const audit = createAudit({ db: t.db, log: silentLog, signingKey: generateKeyPairSync('ed25519').privateKey })
  const secrets = await openSecrets({ db: t.db, keyFile: join(folder, 'master.key') })
  make = (times = {}) =>
    createWebhooks({
      db: t.db,
      events,
      audit,
      secrets,
      log: silentLog,
      poster,
      nameOf: (p) => `${p.kind}:${p.id}`,
      principalNamed: async (name) => readers.get(name),
      visible: async (batch, reader) => (reader.reach.all ? [...batch] : []),
      times: { ...quick, ...times },
    })
})
after(async () => {
  await events.close()
  await t.close()
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  readers = new Map([['client:system', system]])
  heard.length = 0
  sides.clear()
  await t.db.query(sql`delete from webhook`)
})

const emit = (group: number) => t.db.tx((tx) => events.emit(tx, 'group.changed', { group }))
const groups = (url: string) => heard.filter((m) => m.url === url).map((m) => m.body.data.group)
const problem = (code: ProblemCode) => (e: unknown) => isProblem(e) && e.code === code
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await what())) {
    assert.ok(Date.now() < end, 'it did not come true')
    await new Promise((r) => setTimeout(r, 10))
  }
}
/** Delivers while `work` runs. */
async function delivering(webhooks: ReturnType<typeof createWebhooks>, work: () => Promise<void>): Promise<void> {
  const stop = new AbortController()
  const running = webhooks.deliver(stop.signal)
  try {
    await work()
  } finally {
    stop.abort()
    await running
  }
}
const hook = async (w: ReturnType<typeof createWebhooks>, url: string, more: object = {}) =>
  w.create({ url, events: ['group.changed'], ...more }, system)

test('what happens is sent in order, signed so that the other side can check it', async () => {
  const w = make()
  const { webhook, secret } = await hook(w, 'https://one.example/x')
  await delivering(w, async () => {
    for (let n = 1; n <= 5; n++) await emit(n)
    await until(() => heard.length === 5)
  })
  assert.deepEqual(groups('https://one.example/x'), [1, 2, 3, 4, 5])
  for (const { headers, body } of heard) {
    const at = Number(headers['webhook-timestamp'])
    assert.ok(Math.abs(Date.now() / 1000 - at) < 30)
    assert.match(headers['webhook-id'] ?? '', /^evt_\d+_\d+$/)
    assert.equal(headers['webhook-signature'], signature(secret, headers['webhook-id'] ?? '', at, JSON.stringify(body)))
  }
  const { items } = await w.deliveries(Number(webhook.id), { limit: 10 })
  assert.deepEqual(
    items.map((d) => [d.state, d.status, d.attempts]),
    Array(5).fill(['delivered', 200, 1]),
  )
})

test('the signature is that of the Standard Webhooks specification', () => {
  // The example of its reference implementations.
  const signed = signature(
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    1614265330,
    '{"test": 2432232314}',
  )
  assert.equal(signed, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  assert.match(newSecret(), /^whsec_[A-Za-z0-9+/]{43}=$/)
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n }), (n) => !messageId(`${n}.${n}`).includes('.')))
})

test('one that hangs keeps nobody else waiting, and gets everything in order once it answers', async () => {
  const w = make()
  await hook(w, 'https://hangs.example/')
  await hook(w, 'https://well.example/')
  sides.set('https://hangs.example/', hang)
  await delivering(w, async () => {
    for (let n = 1; n <= 20; n++) await emit(n)
    await until(() => groups('https://well.example/').length === 20)
    assert.deepEqual(groups('https://hangs.example/'), [])
    await until(async () => (await w.list())[0]?.failingSince !== null)
    sides.delete('https://hangs.example/')
    await until(() => groups('https://hangs.example/').length === 20)
  })
  assert.deepEqual(
    groups('https://hangs.example/'),
    Array.from({ length: 20 }, (_, i) => i + 1),
  )
  const [first] = await w.list()
  assert.equal(first?.failingSince, null)
  const { items } = await w.deliveries(Number(first?.id), { limit: 50 })
  assert.ok((items.find((d) => d.attempts > 1)?.attempts ?? 0) >= 2)
})

test('nothing is lost over restarts and failures, whatever the other side answers', async () => {
  const url = 'https://moody.example/'
  await hook(make(), url)
  const taken: number[] = []
  sides.set(url, (m) => {
    const status = [200, 500, 404, 302, 204, 429][Math.floor(Math.random() * 6)] ?? 200
    if (status < 300) taken.push(m.body.data.group)
    return status
  })
  for (let round = 0; round < 4; round++) {
    await delivering(make({ firstWaitMs: 1, longestWaitMs: 3 }), async () => {
      for (let n = 0; n < 10; n++) await emit(100 + round * 10 + n)
      await until(() => taken.length >= (round + 1) * 7)
    })
  }
  await delivering(make({ firstWaitMs: 1, longestWaitMs: 3 }), () => until(() => taken.includes(139)))
  const once = taken.filter((n, i) => n !== taken[i - 1])
  assert.deepEqual(
    once,
    Array.from({ length: 40 }, (_, i) => 100 + i),
    'in order, none missing; repeats only of the last',
  )
})

test('after long failure it is paused with an alert; resumed, it goes on where it was', async () => {
  const w = make({ patienceS: 0 })
  const url = 'https://dead.example/'
  const { webhook } = await hook(w, url)
  const no = Number(webhook.id)
  sides.set(url, () => 503)
  await delivering(w, async () => {
    await emit(1)
    await until(async () => (await w.get(no)).state === 'paused')
    await emit(2)
    assert.equal((await w.get(no)).reason?.code, 'failing')
    const alerts = await t.db.query(
      sql`select severity, device from device_event where type = 'webhook.paused' and data ->> 'webhook' = ${webhook.id}`,
    )
    assert.deepEqual(alerts, [{ severity: 'warning', device: null }])
    sides.delete(url)
    heard.length = 0
    await w.resume(no, system, 'here')
    await until(() => groups(url).length === 2)
    assert.deepEqual(groups(url), [1, 2])
  })
  await assert.rejects(w.resume(no, system, 'here'), problem('wrong-state'))
  await w.pause(no, system)
  await emit(3)
  await w.resume(no, system, 'now')
  await delivering(w, async () => {
    await emit(4)
    await until(() => groups(url).includes(4))
  })
  assert.deepEqual(groups(url), [1, 2, 4])
})

test('410 ends it at once, and so does the going of whoever made it', async () => {
  const w = make()
  const a = Number((await hook(w, 'https://gone.example/')).webhook.id)
  const b = Number((await w.create({ url: 'https://other.example/' }, { ...system, id: 'anna' })).webhook.id)
  sides.set('https://gone.example/', () => 410)
  await delivering(w, async () => {
    await emit(1)
    await until(async () => (await w.list()).every((h) => h.state === 'paused'))
  })
  assert.deepEqual([(await w.get(a)).reason?.code, (await w.get(b)).reason?.code], ['gone', 'reader-gone'])
  assert.deepEqual(groups('https://other.example/'), [])
})

test('it shows what its maker may see, and only the types asked for', async () => {
  readers.set('client:narrow', { ...system, id: 'narrow', reach: { all: false, groups: [] } })
  const w = make()
  await w.create({ url: 'https://narrow.example/' }, { ...system, id: 'narrow' })
  await hook(w, 'https://typed.example/', { events: ['user.changed'] })
  await hook(w, 'https://all.example/', { events: [] })
  await delivering(w, async () => {
    await emit(1)
    await until(() => groups('https://all.example/').includes(1))
  })
  assert.ok(heard.every((m) => m.url === 'https://all.example/'))
})

test('a replay sends what happened once more, from an event or from a time', async () => {
  const w = make()
  const url = 'https://again.example/'
  const no = Number((await hook(w, url)).webhook.id)
  const began = new Date(Date.now() - 5)
  await delivering(w, async () => {
    for (let n = 1; n <= 4; n++) await emit(n)
    // What was heard is written down a moment later.
    await until(async () => (await w.deliveries(no, { limit: 10 })).items.length === 4)
    const [, , second] = (await w.deliveries(no, { limit: 10 })).items
    heard.length = 0
    await w.replay(no, system, { after: second?.event ?? '' })
    await until(() => heard.length === 2)
    assert.deepEqual(groups(url), [3, 4])
    heard.length = 0
    await w.replay(no, system, { since: began })
    await until(() => heard.length >= 4)
    assert.deepEqual(groups(url).slice(-4), [1, 2, 3, 4])
  })
  await assert.rejects(w.replay(no, system, { after: 'nonsense' }), problem('invalid-cursor'))
  await assert.rejects(w.replay(no, system, { after: '1.1.1' }), problem('invalid-cursor'))
  await assert.rejects(w.replay(4711, system, { since: new Date() }), problem('not-found'))
})

test('what a change asks for is not passed over by the line of before, which has not heard of it', async () => {
  const w = make()
  const url = 'https://changed.example/'
  const { webhook } = await hook(w, url, { events: ['user.changed'] })
  const no = Number(webhook.id)
  const [before] = await t.db.query<HookRow>(sql`select ${hookColumns} from webhook where no = ${no}`)
  assert.ok(before)
  const line = openLine(
    {
      db: t.db,
      events,
      log: silentLog,
      poster,
      reader: async () => system,
      visible: async (batch) => [...batch],
      pause: async () => undefined,
      times: quick,
    },
    before,
    [newSecret()],
  )
  await w.update(no, webhook.revision, { url, events: ['group.changed'] }, system)
  await emit(7)
  await t.db.tx((tx) => events.emit(tx, 'user.changed', { user: 1, what: 'roles' }))
  await until(() => heard.some((m) => m.body.type === 'user.changed'))
  await line.stop()
  await delivering(w, () => until(() => groups(url).includes(7)))
})

test('after a rotation both secrets sign, so the other side can change over', async () => {
  const w = make()
  const { webhook, secret } = await hook(w, 'https://rotates.example/')
  const next = await w.rotate(Number(webhook.id), system)
  assert.notEqual(next.secret, secret)
  await delivering(w, async () => {
    await emit(1)
    await until(() => heard.length === 1)
  })
  const [m] = heard
  const expected = [next.secret, secret].map((s) =>
    signature(s, m?.headers['webhook-id'] ?? '', Number(m?.headers['webhook-timestamp']), JSON.stringify(m?.body)),
  )
  assert.equal(m?.headers['webhook-signature'], expected.join(' '))
  const [kept] = await t.db.query<{ secret: Buffer }>(sql`select secret from webhook`)
  assert.ok(!kept?.secret.toString('latin1').includes(next.secret.slice(6, 30)))
})

test('what does not fit is refused; of two who change at once one is told', async () => {
  const w = make()
  for (const url of ['', 'x', 'https://a:b@c.example/', 'https://c.example/#x', 'a\0b'])
    await assert.rejects(hook(w, url), problem('invalid-request'), url)
  await assert.rejects(hook(w, 'http://c.example/'), problem('webhook-address'))
  await assert.rejects(hook(w, 'https://c.example/', { events: ['<script>'] }), problem('invalid-request'))
  await assert.rejects(hook(w, 'https://c.example/', { extra: 1 }), problem('invalid-request'))
  await assert.rejects(
    w.create({ url: 'https://c.example/' }, { ...system, permissions: ['webhook:*'] }),
    problem('forbidden'),
  )
  const { webhook } = await hook(w, 'https://c.example/')
  const change = () => w.update(Number(webhook.id), webhook.revision, { url: 'https://d.example/' }, system)
  const ends = await Promise.allSettled([change(), change()])
  assert.deepEqual(ends.map((e) => e.status).sort(), ['fulfilled', 'rejected'])
  await assert.rejects(w.update(4711, 1, { url: 'https://d.example/' }, system), problem('not-found'))
  await w.remove(Number(webhook.id), system)
  await assert.rejects(w.get(Number(webhook.id)), problem('not-found'))
})

test('events that are no longer kept pause it, and it says so', async () => {
  const w = make()
  const no = Number((await hook(w, 'https://late.example/')).webhook.id)
  for (let n = 1; n <= 3; n++) await emit(n)
  await t.db.query(sql`update outbox set at = now() - interval '30 days'`)
  await until(async () => (await events.trim(7)) > 0)
  await delivering(w, () => until(async () => (await w.get(no)).state === 'paused'))
  assert.equal((await w.get(no)).reason?.code, 'events-gone')
  assert.deepEqual(heard, [])
  await w.resume(no, system, 'now')
  await delivering(w, async () => {
    await emit(9)
    await until(() => groups('https://late.example/').includes(9))
  })
})
