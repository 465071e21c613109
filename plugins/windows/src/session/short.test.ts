/** The short way of sessions: what it answers and what is said by it is what the long way would have answered and said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SyncMessage, Word } from '../syncml/index.ts'
import { operation, setting, type World, world } from './host.fixture.ts'

const alert = (id: string, code: number, item?: object): Word => ({
  kind: 'alert',
  id,
  code,
  items: item ? [item] : [],
})
const opening = (user: boolean, model: string): Word[] => [
  alert('2', 1201),
  alert('3', 1224, { type: 'com.microsoft/MDM/LoginStatus', data: user ? 'user' : 'none' }),
  { kind: 'command', id: '4', verb: 'Replace', items: [{ source: './DevInfo/Mod', data: model }] },
]
const sent = (m: SyncMessage) =>
  m.body.flatMap((w) => (w.kind === 'command' ? [w] : w.kind === 'atomic' ? [...w.commands] : []))
const get = { commands: [{ verb: 'Get' as const, uri: './DevDetail/SwV' }] }
const two = { commands: [...get.commands, { verb: 'Get' as const, uri: './DevInfo/Man' }] }
const users = { commands: [{ verb: 'Replace' as const, uri: './User/Vendor/MSFT/X', data: '<a/>' }] }
const secret = { commands: [{ verb: 'Get' as const, uri: './Vendor/Secret' }] }

/** How a device answers what it was asked. */
const ways = [
  'well',
  'refused',
  'first alone',
  'twice',
  'with an alert',
  'challenged',
  'in parts',
  'never',
  'repeated',
] as const
type Way = (typeof ways)[number]
const works = { get, two, users, secret, setting: get, deep: get, once: get } as const
interface Session {
  user: boolean
  model: string
  waiting: (keyof typeof works)[]
  answers: Way[]
}

function answerTo(m: SyncMessage, way: Way): Word[] {
  const msgRef = m.message
  const status = (cmdRef: string, cmd: string, code: number, id: string): Word => ({
    kind: 'status',
    id,
    msgRef,
    cmdRef,
    cmd,
    code,
    targets: [],
    sources: [],
    ...(way === 'challenged' &&
      cmdRef === '0' && { challenge: { type: 'syncml:auth-md5', format: 'b64', nonce: 'bm9uY2U=' } }),
    items: [],
  })
  const commands = way === 'first alone' ? sent(m).slice(0, 1) : sent(m)
  const words = commands.flatMap((c, i): Word[] => {
    const of = status(c.id, c.verb, way === 'refused' ? 405 : 200, `1${i}`)
    const item = { source: c.items[0]?.target, format: 'chr', data: `v${i}`, ...(way === 'in parts' && { more: true }) }
    if (c.verb !== 'Get' || way === 'refused') return [of]
    return [of, { kind: 'results', id: `2${i}`, msgRef, cmdRef: c.id, items: [item] }]
  })
  return [
    status('0', 'SyncHdr', way === 'challenged' ? 407 : 200, '1'),
    ...words,
    ...(way === 'twice' ? words : []),
    ...(way === 'with an alert' ? [alert('9', 1222)] : []),
  ]
}

/** All that the device was told, and all that was said of what it was given. */
async function lead(w: World, sessions: readonly Session[], short: boolean, sessionsBefore = 1): Promise<unknown[]> {
  const heard: unknown[] = []
  let n = 0
  for (const [i, s] of sessions.entries()) {
    w.waiting.push(
      ...s.waiting.map((name) => {
        const id = `o7-${++n}`
        return name === 'setting' ? setting(id, 'f', works[name]) : operation(id, name, works[name])
      }),
    )
    const session = `${sessionsBefore + i}`
    let body = opening(s.user, s.model)
    const answers = [...s.answers]
    for (let message = 1; message < 8; message += 1) {
      const said = { session, message: String(message), body }
      let reply = await w.exchange(said, { short })
      heard.push(reply)
      const way = answers.shift() ?? 'well'
      if (way === 'repeated') {
        reply = await w.exchange(said, { short })
        heard.push(reply)
      }
      if (sent(reply).length === 0 || way === 'never') break
      body = answerTo(reply, way)
    }
  }
  return [heard, w.said, w.facts, w.state, w.escrowed, w.errands]
}

test('a session of one Get takes the short way from its first message to its last, and so does one with nothing to do', async () => {
  const w = world()
  const plain = (waiting: Session['waiting']): Session => ({ user: true, model: 'Book', waiting, answers: [] })
  await lead(w, [plain([])], true)
  assert.equal(w.short, 0, 'what it says of itself is news')
  await lead(w, [plain([])], true, 2)
  assert.equal(w.short, 1)
  w.waiting = [operation('o7-1', 'csp', get)]
  const [heard] = await lead(w, [plain([])], true, 3)
  assert.equal((heard as unknown[]).length, 2)
  assert.equal(w.short, 3)
  assert.deepEqual(w.said, [
    {
      id: 'o7-1',
      reply: {
        statuses: [{ verb: 'Get', uri: './DevDetail/SwV', code: 200 }],
        results: [{ uri: './DevDetail/SwV', format: 'chr', data: 'v0' }],
      },
    },
  ])
})

test('a message that comes while another is under way waits for it', async () => {
  const w = world()
  await w.exchange({ body: opening(false, 'Book') })
  w.waiting = [operation('o7-1', 'csp', get)]
  const again = { session: '2', body: opening(false, 'Book') }
  const [one, other] = await Promise.all([w.exchange(again, { short: true }), w.exchange(again, { short: true })])
  assert.deepEqual([w.short, sent(one).length], [1, 1])
  assert.deepEqual(one, other)
})

test('a batch that comes to nothing: the long way does it, or the device hears that it failed; the next message finds everything in order', async () => {
  for (const step of [1, 2]) {
    const w = world()
    await w.exchange({ body: opening(false, 'Book') })
    w.waiting = [operation('o7-1', 'csp', get)]
    if (step === 1) w.spoilt = 'undone'
    const one = await w.exchange({ session: '2', body: opening(false, 'Book') }, { short: true })
    assert.equal(sent(one).length, 1)
    const answer = { session: '2', message: '2', body: answerTo(one, 'well') }
    w.spoilt = new Error('the database is away')
    await assert.rejects(w.exchange(answer, { short: true }), /away/)
    if (step === 2) w.spoilt = 'undone'
    await w.exchange(answer, { short: true })
    assert.deepEqual(
      w.said.map((s) => s.id),
      ['o7-1'],
    )
  }
})

test('whatever waits and however it is answered: both ways tell the device and the server the same', async () => {
  const session = fc.record({
    user: fc.boolean(),
    model: fc.constantFrom('Book', 'Book', 'Other'),
    waiting: fc.array(fc.constantFrom(...(Object.keys(works) as (keyof typeof works)[]), 'get' as const), {
      maxLength: 2,
    }),
    answers: fc.array(fc.constantFrom(...ways, 'well' as const), { maxLength: 3 }),
  })
  let short = 0
  await fc.assert(
    fc.asyncProperty(fc.array(session, { minLength: 1, maxLength: 4 }), async (sessions) => {
      const w = world()
      const told = await lead(w, sessions, true)
      assert.deepEqual(told, await lead(world(), sessions, false))
      short += w.short
    }),
    { numRuns: 300 },
  )
  assert.ok(short > 100, `${short} exchanges took the short way`)
})
