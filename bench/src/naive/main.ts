/**
 * The naive build, kept as a yardstick: what one writes first. One durable transaction per request reads the device, writes its
 * last-seen time, writes what it says of operations, and reads and marks what is pending. The same bytes in and out as Muster's route.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ask, pool } from './ask.ts'
import { hashed } from './tables.ts'

interface Sync {
  sequence: number
  take: number
  results?: { id: string; state: string; result: unknown }[]
}

async function sync(token: string, body: Sync): Promise<object | undefined> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const device = await ask(client, 'device', 'select id, name from naive.device where token = $1', [hashed(token)])
    if (device.rows.length === 0) {
      await client.query('rollback')
      return undefined
    }
    const { id } = device.rows[0]
    await ask(client, 'seen', 'update naive.device set last_seen = now() where id = $1', [id])
    for (const r of body.results ?? []) {
      await ask(
        client,
        'result',
        `update naive.operation set state = $3, result = $4, updated = now() where id = $1 and device = $2 and state = 'sent'`,
        [r.id, id, r.state, JSON.stringify(r.result)],
      )
    }
    const pending = await ask(
      client,
      'pending',
      `update naive.operation set state = 'sent', updated = now() where id in (select id from naive.operation where device = $1 and state = 'pending' order by id limit $2) returning id::text, name, params`,
      [id, body.take],
    )
    await client.query('commit')
    const deliveries = pending.rows.map((r) => ({
      id: r.id,
      kind: 'operation',
      name: r.name,
      payload: r.params,
      attempt: 1,
    }))
    return { deliveries, nextS: 60, waitS: 0, sequence: body.sequence, time: new Date().toISOString() }
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
    const answer = (status: number, value: object) => {
      const body = JSON.stringify(value)
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      response.end(body)
    }
    const token = request.headers.authorization?.slice('Bearer '.length) ?? ''
    sync(token, JSON.parse(Buffer.concat(chunks).toString()) as Sync).then(
      (said) => answer(said ? 200 : 401, said ?? { code: 'unauthenticated' }),
      (error: Error) => answer(500, { code: error.message }),
    )
  })
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
