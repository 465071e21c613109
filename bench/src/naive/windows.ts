/**
 * The naive build of Windows' management, kept as a yardstick: the same bytes in and out, read by the same parser. One durable transaction per request
 * reads the device, writes its last-seen time and session, writes what it says of a command, and reads and marks the next one.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { at, child, childrenOf, node, readXml, textAt, writeXml, type XmlElement, type XmlNode } from '@muster/kit/xml'
import { ask, pool } from './ask.ts'

const limits = { bytes: 2 << 20, depth: 24, elements: 50_000 }

async function manage(certificate: Buffer, body: Buffer): Promise<string | undefined> {
  const message = readXml(body, limits)
  const header = child(message, 'SyncHdr')
  const said = child(message, 'SyncBody')
  if (!header || !said) return undefined
  // What a proxy hands on is looked at as a certificate before its fingerprint is believed.
  const hash = createHash('sha256').update(new X509Certificate(certificate).raw).digest()
  const client = await pool.connect()
  try {
    await client.query('begin')
    const device = await ask(
      client,
      'device',
      'select id, device_id from naive.windows_device where certificate = $1',
      [hash],
    )
    const [row] = device.rows as { id: string; device_id: string }[]
    if (!row || row.device_id !== textAt(header, 'Source', 'LocURI')) {
      await client.query('rollback')
      return undefined
    }
    const session = textAt(header, 'SessionID') ?? ''
    await ask(client, 'seen', 'update naive.windows_device set last_seen = now(), session = $2 where id = $1', [
      row.id,
      session,
    ])
    const results = new Map(
      childrenOf(said, 'Results').map((r) => [textAt(r, 'CmdRef'), textAt(at(r, 'Item'), 'Data')]),
    )
    for (const status of childrenOf(said, 'Status')) {
      const command = textAt(status, 'CmdRef') ?? '0'
      if (command === '0') continue
      await ask(
        client,
        'result',
        `update naive.windows_operation set state = 'completed', code = $3, result = $4, updated = now() where id = $1 and device = $2 and state = 'sent'`,
        [command, row.id, textAt(status, 'Data'), results.get(command) ?? null],
      )
    }
    const next = await ask(
      client,
      'pending',
      `update naive.windows_operation set state = 'sent', updated = now() where id in (select id from naive.windows_operation where device = $1 and state = 'pending' order by id limit 10) returning id::text, uri`,
      [row.id],
    )
    await client.query('commit')
    return answer(header, said, next.rows)
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

function answer(header: XmlElement, said: XmlElement, commands: readonly { id: string; uri: string }[]): string {
  const number = textAt(header, 'MsgID') ?? '1'
  const status = (id: number, of: string, cmd: string, code = '200') =>
    node('Status', [
      node('CmdID', `s${id}`),
      node('MsgRef', number),
      node('CmdRef', of),
      node('Cmd', cmd),
      node('Data', code),
    ])
  const words = said.children.filter((c) => c.name === 'Alert' || c.name === 'Replace')
  const statuses: XmlNode[] = [
    status(0, '0', 'SyncHdr'),
    ...words.map((w, i) => status(i + 1, textAt(w, 'CmdID') ?? '', w.name)),
  ]
  const gets = commands.map((c) =>
    node('Get', [node('CmdID', c.id), node('Item', [node('Target', [node('LocURI', c.uri)])])]),
  )
  const root = node(
    'SyncML',
    [
      node('SyncHdr', [
        node('VerDTD', '1.2'),
        node('VerProto', 'DM/1.2'),
        node('SessionID', textAt(header, 'SessionID') ?? ''),
        node('MsgID', number),
        node('Target', [node('LocURI', textAt(header, 'Source', 'LocURI') ?? '')]),
        node('Source', [node('LocURI', textAt(header, 'Target', 'LocURI') ?? '')]),
      ]),
      node('SyncBody', [...statuses, ...gets, node('Final')]),
    ],
    { xmlns: 'SYNCML:SYNCML1.2' },
  )
  return writeXml(root)
}

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const reply = (status: number, body: string) => {
      response.writeHead(status, {
        'content-type': 'application/vnd.syncml.dm+xml',
        'content-length': Buffer.byteLength(body),
      })
      response.end(body)
    }
    const shown = /^:([^:]+):$/.exec(String(request.headers['client-cert']))?.[1] ?? ''
    manage(Buffer.from(shown, 'base64'), Buffer.concat(chunks)).then(
      (said) => reply(said === undefined ? 400 : 200, said ?? ''),
      (error: Error) => reply(500, error.message),
    )
  })
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
