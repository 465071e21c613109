/** What the cloud toy talks to: a real HTTP server with devices, policies and long-running operations, which can be told to be busy. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json, JsonObject } from '../../index.ts'

export interface FakeCloud {
  readonly url: string
  /** Every request: "PUT /policies/3". */
  readonly seen: string[]
  /** Documents by name, and which one each device points to. */
  readonly policies: Map<string, Json>
  readonly devices: Map<string, string>
  /** Operations it was given, by name. */
  readonly operations: Map<string, { device: string; command: Json; reply?: Json }>
  /** So many next requests are answered with 429. */
  busy(requests: number): void
  /** The operation is done, with this answer. */
  finish(name: string, reply: Json): void
  close(): Promise<void>
}

export async function fakeCloud(): Promise<FakeCloud> {
  const seen: string[] = []
  const policies = new Map<string, Json>()
  const devices = new Map<string, string>()
  const operations = new Map<string, { device: string; command: Json; reply?: Json }>()
  let refusals = 0
  let numbered = 0

  function answer(method: string, path: string, body: JsonObject): [number, Json] {
    if (refusals > 0) {
      refusals -= 1
      return [429, { error: 'quota' }]
    }
    const [, kind, name = ''] = path.split('/')
    if (method === 'PUT' && kind === 'policies') policies.set(name, body)
    else if (method === 'PUT' && kind === 'devices') devices.set(name, String(body.policy))
    else if (method === 'POST' && kind === 'commands') {
      numbered += 1
      operations.set(`operations-${numbered}`, { device: name, command: body })
      return [200, { name: `operations-${numbered}` }]
    } else if (method === 'GET' && kind === 'done')
      return [200, [...operations].flatMap(([op, o]) => (o.reply === undefined ? [] : [{ name: op, reply: o.reply }]))]
    else return [404, {}]
    return [200, {}]
  }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const path = request.url ?? '/'
    seen.push(`${request.method} ${path}`)
    const text = Buffer.concat(chunks).toString()
    const [status, body] = answer(request.method ?? '', path, text ? (JSON.parse(text) as JsonObject) : {})
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    policies,
    devices,
    operations,
    busy: (requests) => {
      refusals = requests
    },
    finish: (name, reply) => {
      const op = operations.get(name)
      if (!op) throw new Error(`the cloud knows no ${name}`)
      op.reply = reply
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
