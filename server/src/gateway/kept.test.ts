/** At the limit of connections: who was quiet longest makes room, who is being answered or never asked does not. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { createKept, fileRoom } from './kept.ts'
import { freePort, openWorld } from './world.ts'

test('the longest quiet go first, a part at a time; those under way and those that never asked stay', () => {
  const kept = createKept()
  const ended: number[] = []
  const made = Array.from({ length: 200 }, (_, n) => {
    const connection = new EventEmitter()
    const use = kept.put(connection, () => ended.push(n))
    use.since = n === 2 ? 0 : 1_000 + ((n * 7) % 200)
    use.busy = n === 0 ? 1 : 0
    return { connection, use }
  })
  assert.equal(kept.of(made[5]?.connection ?? {}), made[5]?.use)
  assert.equal(kept.makeRoom(), 4)
  assert.deepEqual(
    ended,
    made
      .map(({ use }, n) => ({ n, use }))
      .filter(({ n }) => n !== 0 && n !== 2)
      .sort((a, b) => a.use.since - b.use.since)
      .slice(0, 4)
      .map(({ n }) => n),
  )
  for (const { connection } of made.slice(3)) connection.emit('close')
  assert.equal(kept.makeRoom(), 1, 'the second one, which alone is quiet')
  assert.equal(kept.makeRoom(), 0)
  assert.ok(fileRoom() > 0)
})

/** Resolves with the first line of an answer; rejects when the connection ends instead. */
function ask(socket: Socket, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', (d) => resolve(String(d).split('\r\n', 1)[0] ?? ''))
    socket.once('close', () => reject(new Error('closed')))
    socket.once('error', reject)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
  })
}
const ended = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))

test('a newcomer is let in where others only keep their connection', { timeout: 60_000 }, async () => {
  const port = await freePort()
  const slow = Promise.withResolvers<void>()
  const w = await openWorld(
    ({ app }) => {
      app.get('/quick', { config: { access: { public: 'a test' } } }, async () => 'here')
      app.get('/slow', { config: { access: { public: 'a test' } } }, async () => {
        await slow.promise
        return 'late'
      })
    },
    { ports: { http: port }, publicUrl: `http://localhost:${port}`, maxConnections: 5 },
  )
  const open = () => connect(port, '127.0.0.1')
  const sockets: Socket[] = []
  try {
    const waiting = open()
    sockets.push(waiting)
    const late = ask(waiting, '/slow')
    for (let n = 0; n < 3; n += 1) {
      const socket = open()
      sockets.push(socket)
      assert.match(await ask(socket, '/quick'), / 200 /)
    }
    const first = sockets[1] as Socket
    const gone = ended(first.on('error', () => undefined))
    for (let n = 0; n < 10; n += 1) {
      const socket = open()
      sockets.push(socket)
      assert.match(await ask(socket, '/quick'), / 200 /, `newcomer ${n}`)
    }
    await gone
    slow.resolve()
    assert.match(await late, / 200 /, 'who was being answered was not cut')
  } finally {
    slow.resolve()
    for (const socket of sockets) socket.destroy()
    await w.close()
  }
})
