/**
 * The naive build of Apple's connect, kept as a yardstick: the same bytes in and out, read by the same parsers. One durable transaction per request
 * reads the device, writes its last-seen time, writes what it says of a command, and reads and marks the next one.
 */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openSigned } from '@muster/kit/cms'
import { isDict, readPlist, writeXmlPlist } from '@muster/kit/plist'
import { ask, pool } from './ask.ts'

async function connect(signature: string, body: Buffer): Promise<string | undefined> {
  const [signer] = openSigned(Buffer.from(signature, 'base64'), body).signers
  const said = readPlist(body)
  if (!signer || !isDict(said)) return undefined
  const hash = createHash('sha256').update(signer.certificate.der).digest()
  const client = await pool.connect()
  try {
    await client.query('begin')
    const device = await ask(client, 'device', 'select id from naive.apple_device where certificate = $1', [hash])
    if (device.rows.length === 0) {
      await client.query('rollback')
      return undefined
    }
    const { id } = device.rows[0]
    await ask(client, 'seen', 'update naive.apple_device set last_seen = now() where id = $1', [id])
    if (said.Status === 'Acknowledged')
      await ask(
        client,
        'result',
        `update naive.apple_operation set state = 'completed', result = $3, updated = now() where id = $1 and device = $2 and state = 'sent'`,
        [said.CommandUUID, id, JSON.stringify(said)],
      )
    const next = await ask(
      client,
      'pending',
      `update naive.apple_operation set state = 'sent', updated = now() where id in (select id from naive.apple_operation where device = $1 and state = 'pending' order by id limit 1) returning id::text, command`,
      [id],
    )
    await client.query('commit')
    const [row] = next.rows
    return row ? writeXmlPlist({ CommandUUID: row.id, Command: { RequestType: row.command } }) : ''
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const answer = (status: number, body: string) => {
      response.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) })
      response.end(body)
    }
    connect(String(request.headers['mdm-signature']), Buffer.concat(chunks)).then(
      (said) => answer(said === undefined ? 400 : 200, said ?? ''),
      (error: Error) => answer(500, error.message),
    )
  })
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
