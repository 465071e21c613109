/** Sessions against a core of a few lines: who is let in, what is answered, what settles and what never does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SyncMessage, Word } from '../syncml/index.ts'
import { certificate, deviceId, foreign, operation, setting, type World, world } from './host.fixture.ts'
import { digest } from './index.ts'

const alert = (id: string, code: number, item?: object): Word => ({
  kind: 'alert',
  id,
  code,
  items: item ? [item] : [],
})
const login = (id: string, who: string) => alert(id, 1224, { type: 'com.microsoft/MDM/LoginStatus', data: who })
const info = (id: string, model = 'Book'): Word => ({
  kind: 'command',
  id,
  verb: 'Replace',
  items: [{ source: './DevInfo/Mod', data: model }],
})
const first = (who = 'none'): Word[] => [alert('2', 1201), login('3', who), info('4')]
const status = (of: { msg: string; cmd: string; verb: string; code: number }, id = '9'): Word => ({
  kind: 'status',
  id,
  msgRef: of.msg,
  cmdRef: of.cmd,
  cmd: of.verb,
  code: of.code,
  targets: [],
  sources: [],
  items: [],
})
const results = (msg: string, cmd: string, uri: string, data: string, more: object = {}, id = '20'): Word => ({
  kind: 'results',
  id,
  msgRef: msg,
  cmdRef: cmd,
  items: [{ source: uri, data, ...more }],
})
const codes = (m: SyncMessage) => m.body.flatMap((w) => (w.kind === 'status' ? [[w.cmd, w.code]] : []))
const sent = (m: SyncMessage) => m.body.flatMap((w) => (w.kind === 'command' ? [w] : []))
const replies = (w: World) => w.said.map((s) => [s.id, 'reply' in s ? s.reply : s.state])
const get = { commands: [{ verb: 'Get' as const, uri: './DevDetail/SwV' }] }
const lock = { commands: [{ verb: 'Exec' as const, uri: './Device/Vendor/MSFT/RemoteLock/Lock' }] }

test('a session with nothing to do: everything has its status, and nothing is written', async () => {
  const w = world()
  w.facts = { ...w.facts, Mod: 'Book' }
  const reply = await w.exchange({ body: first() })
  assert.deepEqual(codes(reply), [
    ['SyncHdr', 200],
    ['Alert', 200],
    ['Alert', 200],
    ['Replace', 200],
  ])
  assert.deepEqual([reply.session, reply.message, reply.target, reply.final], ['1', '1', deviceId, true])
  assert.deepEqual([...w.turns], [{ take: 10, expectInS: 36 * 3600 }])
  await w.exchange({ session: '2', body: first() })
  assert.equal(w.details, 1, 'what the device is was read once')
  await w.exchange({ session: '3', body: [alert('2', 1201), info('4', 'Other')] })
  assert.deepEqual(w.turns.at(-1)?.facts, { Mod: 'Other' })
})

test('commands go out with the delivery’s id in their CmdIDs, and answers find it', async () => {
  const w = world()
  w.waiting = [operation('o7-1', 'csp', get), operation('o7-2', 'lock', lock)]
  const one = await w.exchange({ body: first() })
  const [a, b] = sent(one)
  assert.match(a!.id, /^o7-1\.0\./)
  assert.deepEqual([a!.verb, a!.items[0]?.target, b!.verb], ['Get', './DevDetail/SwV', 'Exec'])
  const two = await w.exchange({
    message: '2',
    body: [
      status({ msg: '1', cmd: '0', verb: 'SyncHdr', code: 200 }),
      results('1', a!.id, './DevDetail/SwV', '10.0'),
      status({ msg: '1', cmd: b!.id, verb: 'Exec', code: 500 }),
      status({ msg: '1', cmd: a!.id, verb: 'Get', code: 200 }),
    ],
  })
  assert.deepEqual([codes(two), two.final, sent(two).length], [[['SyncHdr', 200]], true, 0])
  assert.deepEqual(replies(w), [
    [
      'o7-1',
      {
        statuses: [{ verb: 'Get', uri: './DevDetail/SwV', code: 200 }],
        results: [{ uri: './DevDetail/SwV', data: '10.0' }],
      },
    ],
    [
      'o7-2',
      {
        statuses: [{ verb: 'Exec', uri: './Device/Vendor/MSFT/RemoteLock/Lock', code: 500 }],
        results: [],
      },
    ],
  ])
})

test('another node reads an answer by its CmdID', async () => {
  const w = world()
  w.waiting = [operation('o7-1', 'csp', get)]
  const [a] = sent(await w.exchange({ body: first() }))
  w.restart()
  await w.exchange({
    message: '2',
    body: [status({ msg: '1', cmd: a!.id, verb: 'Get', code: 200 }), results('1', a!.id, './DevDetail/SwV', '10.0')],
  })
  assert.deepEqual(replies(w), [
    ['o7-1', { statuses: [{ verb: 'Get', uri: '', code: 200 }], results: [{ uri: './DevDetail/SwV', data: '10.0' }] }],
  ])
})

test('a repeat is answered as the first time, and settles nothing twice', async () => {
  const w = world()
  w.waiting = [operation('o7-1', 'lock', lock)]
  const one = await w.exchange({ body: first() })
  assert.deepEqual(await w.exchange({ body: first() }), one)
  const [a] = sent(one)
  const answer = { message: '2', body: [status({ msg: '1', cmd: a!.id, verb: 'Exec', code: 200 })] }
  const two = await w.exchange(answer)
  assert.deepEqual(await w.exchange(answer), two)
  assert.equal(w.said.length, 1)
})

test('said again while we are still at it: the same answer', async () => {
  const w = world()
  w.waiting = [operation('o7-1', 'lock', lock)]
  const [one, two] = await Promise.all([w.exchange({ body: first() }), w.exchange({ body: first() })])
  assert.deepEqual(one, two)
  assert.equal(sent(one).length, 1)
})

test('answers to another session, message or command settle nothing', async () => {
  const w = world()
  w.waiting = [operation('o7-1', 'lock', lock)]
  const [a] = sent(await w.exchange({ body: first() }))
  const wrong = [
    { session: '2', message: '2', body: [status({ msg: '1', cmd: a!.id, verb: 'Exec', code: 200 })] },
    { message: '2', body: [status({ msg: '2', cmd: a!.id, verb: 'Exec', code: 200 })] },
    { message: '3', body: [status({ msg: '1', cmd: a!.id.replace('.0.', '.5.'), verb: 'Exec', code: 200 })] },
    {
      message: '4',
      body: [status({ msg: '1', cmd: 'o7-1', verb: 'Exec', code: 200 }), results('1', 'o7-1.0', './x', 'y')],
    },
  ]
  for (const m of wrong) await w.exchange(m)
  assert.deepEqual(w.said, [])
})

test('what was never answered goes out once more when the next session begins, where that does no harm', async () => {
  const w = world()
  w.waiting = [operation('o7-1', 'lock', lock), operation('o7-2', 'once', lock)]
  await w.exchange({ body: first() })
  await w.exchange({ session: '2', body: first() })
  assert.deepEqual(replies(w), [['o7-1', 'again']])
})

test('by certificate: the DeviceID is the one that enrolled with it', async () => {
  const w = world()
  const message = { source: 'B0B1', body: first() }
  await assert.rejects(w.exchange(message), /403/)
  await assert.rejects(
    w.exchange({ body: first() }, { certificate: new Uint8Array([3]) }),
    /403 This enrolment has ended/,
  )
  assert.deepEqual(w.turns, [])
  const farewell = [alert('2', 1226, { type: 'com.microsoft:mdm.unenrollment.userrequest', format: 'int', data: '1' })]
  const reply = await w.exchange({ body: farewell }, { certificate: new Uint8Array([3]) })
  assert.deepEqual(codes(reply), [
    ['SyncHdr', 200],
    ['Alert', 200],
  ])
})

test('by digest: challenged, let in once for each nonce, and the session goes on at the address that it was given', async () => {
  const w = world()
  const o = { certificate: 'none' as const }
  const nonceOf = (m: SyncMessage) => {
    const [header] = m.body
    return header?.kind === 'status' ? Buffer.from(header.challenge?.nonce ?? '', 'base64') : Buffer.alloc(0)
  }
  const proof = (nonce: Buffer, secret = 'client secret') => ({
    sourceName: 'muster-7',
    credentials: { type: 'syncml:auth-md5', format: 'b64', data: digest('muster-7', secret, nonce) },
  })
  w.waiting = [operation('o7-1', 'lock', lock)]
  const asked = await w.exchange({ body: first() }, o)
  assert.deepEqual(codes(asked), [
    ['SyncHdr', 407],
    ['Alert', 407],
    ['Alert', 407],
    ['Replace', 407],
  ])
  const wrong = await w.exchange({ message: '2', body: first(), ...proof(nonceOf(asked), 'guess') }, o)
  assert.deepEqual(codes(wrong)[0], ['SyncHdr', 401])
  assert.equal(w.turns.length, 0)
  const right = { message: '3', body: first(), ...proof(nonceOf(wrong)) }
  const inside = await w.exchange(right, o)
  assert.deepEqual(codes(inside)[0], ['SyncHdr', 212])
  assert.notDeepEqual(nonceOf(inside), nonceOf(wrong))
  const [a] = sent(inside)
  assert.match(inside.respondTo ?? '', /^https:\/\/mdm\.example\/windows\/manage\?s=7\.[\w-]{22}$/)
  assert.deepEqual(codes(await w.exchange({ ...right, session: '9' }, o))[0], ['SyncHdr', 401], 'a nonce is good once')
  const answer = { message: '4', body: [status({ msg: '3', cmd: a!.id, verb: 'Exec', code: 200 })] }
  assert.deepEqual(codes(await w.exchange(answer, o))[0], ['SyncHdr', 407], 'without the token nobody goes on')
  assert.deepEqual(codes(await w.exchange(answer, { ...o, query: 's=7.AAAAAAAAAAAAAAAAAAAAAA' }))[0], ['SyncHdr', 407])
  assert.equal(w.said.length, 0)
  w.restart()
  const query = new URL(inside.respondTo ?? '').search.slice(1)
  assert.deepEqual(codes(await w.exchange(answer, { ...o, query }))[0], ['SyncHdr', 212])
  assert.deepEqual(
    replies(w).map(([id]) => id),
    ['o7-1'],
  )
  const unknown = await w.exchange({ source: 'NOBODY', body: first() }, { certificate: foreign })
  assert.deepEqual(codes(unknown)[0], ['SyncHdr', 407])
})

test('the digest of the specification', () => {
  assert.equal(digest('Bruce2', 'OhBehave', Buffer.from('Nonce')), 'Zz6EivR3yeaaENcRN6lpAQ==')
})

test('a device that wants proof of us gets it, and what it refused once more', async () => {
  const w = world()
  w.waiting = [operation('o7-2', 'once', lock)]
  await w.exchange({ body: first() })
  const header = status({ msg: '1', cmd: '0', verb: 'SyncHdr', code: 407 })
  const nonce = Buffer.from('device nonce').toString('base64')
  const asks = { ...header, challenge: { type: 'syncml:auth-md5', format: 'b64', nonce } } as Word
  const reply = await w.exchange({ message: '2', body: [asks] })
  assert.deepEqual(replies(w), [['o7-2', 'again']])
  assert.equal(reply.sourceName, 'Muster')
  assert.equal(reply.credentials?.data, digest('Muster', 'server secret', Buffer.from('device nonce')))
})

test('Atomic: children and parent in either order; without the children’s words its own counts', async () => {
  for (const order of ['child', 'parent', 'alone'] as const) {
    const w = world()
    const uris = ['./Device/Vendor/MSFT/A', './Device/Vendor/MSFT/B']
    w.waiting = [
      setting('s7-1', 'f', {
        atomic: true,
        commands: uris.map((uri) => ({ verb: 'Replace' as const, uri, data: '1' })),
      }),
    ]
    const reply = await w.exchange({ body: first() })
    const all = reply.body.find((x) => x.kind === 'atomic')
    assert.ok(all?.kind === 'atomic' && all.commands.length === 2)
    w.restart()
    const children = all.commands.map((c) => status({ msg: '1', cmd: c.id, verb: 'Replace', code: 216 }))
    const parent = status({ msg: '1', cmd: all.id, verb: 'Atomic', code: 507 })
    const body = order === 'child' ? [...children, parent] : order === 'parent' ? [parent, ...children] : [parent]
    await w.exchange({ message: '2', body })
    const code = order === 'alone' ? 507 : 216
    assert.deepEqual(replies(w), [
      ['s7-1', { statuses: uris.map((uri) => ({ verb: 'Replace', uri, code })), results: [] }],
    ])
  }
})

test('settings: what was read becomes a fact, what is not there is null while it is wanted', async () => {
  const w = world()
  const uris = ['./Device/Vendor/MSFT/A', './Device/Vendor/MSFT/B']
  const work = {
    commands: uris.flatMap((uri) => [
      { verb: 'Replace' as const, uri, data: '1' },
      { verb: 'Get' as const, uri },
    ]),
  }
  w.waiting = [setting('s7-1', 'f', work)]
  const ids = sent(await w.exchange({ body: first() })).map((c) => c.id)
  w.restart()
  await w.exchange({
    message: '2',
    body: [
      ...[200, 200, 404, 404].map((code, i) =>
        status({ msg: '1', cmd: ids[i]!, verb: i % 2 ? 'Get' : 'Replace', code }),
      ),
      results('1', ids[1]!, uris[0]!, 'x'.repeat(300)),
    ],
  })
  assert.deepEqual(w.facts['windows.owned'], { f: uris })
  const nodes = w.facts['windows.nodes'] as Record<string, string | null>
  assert.match(nodes[uris[0]!] ?? '', /^sha256:[0-9a-f]{64}$/)
  assert.equal(nodes[uris[1]!], null)
})

test('results over several messages, and one value in parts', async () => {
  const w = world()
  w.waiting = [operation('o7-1', 'csp', get)]
  const [a] = sent(await w.exchange({ body: first() }))
  const part = (data: string, more: object, message: string, final: boolean) =>
    w.exchange({ message, final, body: [results('1', a!.id, './DevDetail/SwV', data, more, '7')] })
  const one = await part('10.', { more: true, size: 7 }, '2', false)
  assert.deepEqual(codes(one), [
    ['SyncHdr', 200],
    ['Results', 213],
  ])
  assert.deepEqual(one.body.at(-1), { kind: 'alert', id: 'next', code: 1222, items: [] })
  assert.equal(one.final, false)
  w.restart()
  await part('0.2', { more: true }, '3', false)
  assert.equal(w.said.length, 0)
  await part('2', {}, '4', true)
  assert.deepEqual(
    replies(w),
    [
      [
        'o7-1',
        {
          statuses: [{ verb: 'Get', uri: './DevDetail/SwV', code: 0 }],
          results: [{ uri: './DevDetail/SwV', data: '10.0.22' }],
        },
      ],
    ].map(() => replies(w)[0]),
  )
  const wrong = world()
  wrong.waiting = [operation('o7-1', 'csp', get)]
  const [b] = sent(await wrong.exchange({ body: first() }))
  await wrong.exchange({
    message: '2',
    final: false,
    body: [results('1', b!.id, './x', 'ab', { more: true, size: 9 })],
  })
  const bad = await wrong.exchange({ message: '3', body: [results('1', b!.id, './x', 'cd')] })
  assert.deepEqual(codes(bad), [
    ['SyncHdr', 200],
    ['Results', 424],
  ])
  assert.deepEqual(replies(wrong), [
    ['o7-1', { statuses: [{ verb: 'Get', uri: './DevDetail/SwV', code: 424 }], results: [] }],
  ])
})

test('what is too large for the device’s messages goes in parts, each answered', async () => {
  const w = world()
  const data = '<big>&"'.repeat(400)
  w.waiting = [
    setting('s7-1', 'f', {
      commands: [
        { verb: 'Replace', uri: './Big', data },
        { verb: 'Get', uri: './Big' },
      ],
    }),
  ]
  let reply = await w.exchange({ maxMessage: 5_000, body: first() })
  let got = ''
  let message = 1
  for (; message < 20; message++) {
    const [c] = sent(reply)
    if (c?.verb !== 'Replace') break
    got += c.items[0]?.data ?? ''
    assert.equal(c.items[0]?.size, message === 1 ? Buffer.byteLength(data) : undefined)
    const more = c.items[0]?.more
    assert.equal(reply.final, !more)
    if (message === 3) w.restart()
    const answered = [status({ msg: reply.message, cmd: c.id, verb: 'Replace', code: more ? 213 : 200 })]
    const both = sent(reply)
      .slice(1)
      .map((g) => status({ msg: reply.message, cmd: g.id, verb: 'Get', code: 404 }))
    reply = await w.exchange({
      message: String(message + 1),
      maxMessage: 5_000,
      final: !more,
      body: [...answered, ...both, ...(more ? [alert('5', 1222)] : [])],
    })
  }
  assert.equal(got, data)
  for (const g of sent(reply))
    await w.exchange({
      message: String(message + 1),
      body: [status({ msg: reply.message, cmd: g.id, verb: 'Get', code: 404 })],
    })
  assert.equal(w.said.length, 1)
  assert.deepEqual(
    (w.said[0] as unknown as { reply: { statuses: { code: number }[] } }).reply.statuses.map((s) => s.code),
    [200, 404],
  )
})

test('what is a user’s waits until somebody is logged on', async () => {
  const mine = { commands: [{ verb: 'Get' as const, uri: './User/Vendor/MSFT/X' }] }
  const w = world()
  w.waiting = [operation('o7-1', 'csp', mine), operation('o7-2', 'lock', lock)]
  const reply = await w.exchange({ body: first('none') })
  assert.deepEqual(
    sent(reply).map((c) => c.verb),
    ['Exec'],
  )
  assert.deepEqual(replies(w), [['o7-1', 'deferred']])
  w.waiting = [operation('o7-1', 'csp', mine)]
  const later = await w.exchange({ session: '2', body: first('user') })
  assert.equal(sent(later).length, 1)
  assert.equal(
    w.turns.some((t) => t.deferred === 'again'),
    true,
  )
})

test('alerts: unenrolment by hand, an end, and what was told later', async () => {
  const w = world()
  w.waiting = [operation('o7-1', 'lock', lock)]
  const bye = [...first(), alert('8', 1226, { type: 'com.microsoft:mdm.unenrollment.userrequest', data: '1' })]
  const reply = await w.exchange({ body: bye })
  assert.deepEqual([w.gone, sent(reply).length], [['unenrolled'], 0])
  const other = world()
  other.waiting = [operation('o7-1', 'lock', lock)]
  assert.equal(sent(await other.exchange({ message: '2', body: [alert('1', 1223)] })).length, 0)
  assert.equal(other.turns[0]?.take, 0)
  await other.exchange({ message: '3', body: [alert('1', 1226, { source: './Later', data: '0' })] })
  assert.deepEqual(other.said, [{ ref: 'later', state: 'completed' }])
})

test('secrets in results are kept in escrow, and go no further', async () => {
  const w = world()
  w.waiting = [operation('o7-1', 'csp', { commands: [{ verb: 'Get', uri: './My/Secret' }] })]
  const [a] = sent(await w.exchange({ body: first() }))
  await w.exchange({ message: '2', body: [results('1', a!.id, './My/Secret', '1234')] })
  assert.deepEqual(w.escrowed, { secret: '1234' })
  assert.equal(JSON.stringify(w.said).includes('1234'), false)
})

test('WBXML is answered in WBXML; what is no message is refused in plain words', async () => {
  const w = world()
  const reply = await w.exchange({ body: first() }, { wbxml: true })
  assert.equal(codes(reply).length, 4)
  const status = async (...a: Parameters<World['raw']>) => (await w.raw(...a)).status
  assert.equal(await status('<SyncML/>'), 400)
  assert.equal(await status('<!DOCTYPE a><SyncML/>'), 400)
  assert.equal(await status(new Uint8Array([3, 1, 0x6a]), { wbxml: true }), 400)
  assert.equal(await status('{}', { type: 'application/json' }), 415)
  assert.equal(await status(`<SyncML>${'<a>'.repeat(100)}`, { certificate }), 400)
})
