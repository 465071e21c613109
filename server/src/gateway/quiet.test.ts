/** Connections that are quiet for long end; those that are asked something, or that somebody else looks after by now, do not. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { createLane } from './lane.ts'
import { createQuiet } from './quiet.ts'

test('quiet ones end, busy ones and those let go stay', async () => {
  const quiet = createQuiet(40)
  const ended: string[] = []
  const since = performance.now()
  const busy = { busy: 1, since }
  const gone = { busy: 0, since }
  quiet.put(busy, () => ended.push('busy'))
  quiet.put(gone, () => ended.push('gone'))
  quiet.drop(gone)
  await new Promise<void>((resolve) => {
    const use = { busy: 0, since }
    quiet.put(use, () => {
      ended.push('quiet')
      quiet.drop(use)
      resolve()
    })
  })
  assert.ok(performance.now() - since >= 40)
  assert.deepEqual(ended, ['quiet'])
  quiet.drop(busy)
})

test('a connection of the lane that was answered and asks nothing more is ended', { timeout: 20_000 }, async () => {
  const use = { busy: 0, since: 0 }
  const lane = createLane({
    shortcuts: new Map([['POST /in', () => ({ status: 200, body: 'heard' })]]),
    draining: () => false,
    began: () => {
      use.busy += 1
    },
    done: () => {
      use.busy -= 1
      use.since = performance.now()
    },
    times: { first: 10_000, keepAlive: 200 },
  })
  const server = createServer((socket) => lane(socket, () => assert.fail('it is plain'), use))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const closed = once(socket, 'close')
  for (let n = 0; n < 3; n += 1) {
    socket.write('POST /in HTTP/1.1\r\nHost: muster.example\r\nContent-Length: 2\r\n\r\n{}')
    const [said] = (await once(socket, 'data')) as [Buffer]
    assert.match(said.toString(), /^HTTP\/1\.1 200 .*heard$/s)
  }
  await closed
  assert.ok(performance.now() - use.since >= 200, 'it was kept for as long as it was told')
  server.close()
})
