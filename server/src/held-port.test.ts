/** A port that the system chose stays its server's until that opens it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { holdPort } from './held-port.ts'

async function listens(port: number | undefined): Promise<true> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, resolve))
  server.close()
  await once(server, 'close')
  return true
}

test('nobody else gets it before it is released, and two are never the same', async () => {
  const held = await Promise.all([holdPort(0, 8080), holdPort(0, 8443)])
  assert.notEqual(held[0].port, held[1].port)
  for (const { port } of held) await assert.rejects(listens(port), { code: 'EADDRINUSE' })
  for (const { port, release } of held) {
    await release()
    assert.ok(await listens(port))
    await release()
  }
})

test('a port that was asked for is opened by its server alone; none where none is wanted', async () => {
  const ports = await Promise.all([undefined, 9, null].map((wanted) => holdPort(wanted, 8080)))
  assert.deepEqual(
    ports.map((p) => p.port),
    [8080, 9, undefined],
  )
})
