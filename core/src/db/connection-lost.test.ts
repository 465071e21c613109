/** A database that says farewell in the packet that opens the connection: the caller is told, and the process lives. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { createDb } from './connection.ts'

/** A message of protocol 3.0: type, length, body. */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 0)
  head.writeInt32BE(4 + body.length, 1)
  return Buffer.concat([head, body])
}
const opened = [message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))]
const farewell = message('E', Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0'))

test('a farewell in the packet that opens the connection fails the transaction, not the process', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () => socket.end(Buffer.concat([...opened, farewell])))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const url = `postgresql://nobody@127.0.0.1:${port}/none`
  const db = createDb({ url, shownUrl: url, poolSize: 2, log, onClose: async () => undefined })
  try {
    for (let i = 0; i < 3; i++)
      await assert.rejects(
        db.tx(async () => undefined),
        { code: 'database-away' },
      )
  } finally {
    await db.close()
    server.close()
  }
})
