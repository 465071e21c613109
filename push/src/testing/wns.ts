/** A push service that answers as WNS does: access tokens for an app, raw notifications to channels, and every way of refusing. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeWnsOptions {
  port?: number
  /** Takes grants at its tenant's address instead of Microsoft account's. */
  tenant?: string
  tokenLifeS?: number
  now?(): number
}
/** Answered instead, for the next `times` requests (or for ever) to this place. `status` 0: the connection is cut without an answer. */
export interface WnsFault {
  at: 'token' | 'send'
  status: number
  description?: string
  /** Of `X-WNS-Status`, with status 200. */
  said?: string
  retryAfter?: string
  times?: number
}
export interface FakeWns {
  /** `http://127.0.0.1:port`, of tokens and channels. */
  readonly url: string
  readonly app: { readonly client: string; readonly secret: string; readonly tenant?: string }
  /** A new channel's address; `wake` is called for each notification that it takes. */
  channel(wake?: (body: string) => void): string
  /** The channel ended (410). */
  expire(channelUri: string): void
  /** It belongs to another app from now on (403). */
  give(channelUri: string): void
  fault(f: WnsFault): void
  withdraw(): void
  readonly seen: { sends: number; accepted: number; grants: number; refused: Record<string, number> }
  close(): Promise<void>
}

const bodyLimit = 5 * 1024

export async function startFakeWns(o: FakeWnsOptions = {}): Promise<FakeWns> {
  const lifeS = o.tokenLifeS ?? 86_400
  const clock = o.now ?? (() => Date.now())
  const client = o.tenant ? '11111111-2222-4333-8444-555555555555' : 'ms-app://s-1-15-2-1-2-3-4-5-6-7'
  const app = { client, secret: randomBytes(18).toString('base64url'), ...(o.tenant && { tenant: o.tenant }) }
  const grantPath = o.tenant ? `/${o.tenant}/oauth2/v2.0/token` : '/accesstoken.srf'
  const scope = o.tenant ? 'https://wns.windows.com/.default' : 'notify.windows.com'
  const access = new Map<string, number>()
  const channels = new Map<string, { state: 'open' | 'ended' | 'foreign'; wake?: (body: string) => void }>()
  const faults: WnsFault[] = []
  const seen: FakeWns['seen'] = { sends: 0, accepted: 0, grants: 0, refused: {} }
  let url = ''

  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (p: Buffer) => void parts.push(p))
    request.once('end', () => {
      const body = Buffer.concat(parts)
      if (request.url === grantPath) grant(request, response, body.toString('utf8'))
      else if (request.url?.startsWith('/?token=')) send(request, response, body)
      else answer(response, 404)
    })
  })

  function grant(request: IncomingMessage, response: ServerResponse, body: string): void {
    const fault = takeFault('token')
    if (fault?.status === 0) return void response.destroy()
    const wrong = (error: string, status = 400) => json(response, status, { error }, fault?.retryAfter)
    if (fault) return wrong(fault.description ?? 'invalid_client', fault.status)
    const form = new URLSearchParams(body)
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/x-www-form-urlencoded')
      return wrong('invalid_request')
    if (form.get('grant_type') !== 'client_credentials') return wrong('unsupported_grant_type')
    if (form.get('scope') !== scope) return wrong('invalid_scope')
    if (form.get('client_id') !== app.client || form.get('client_secret') !== app.secret) return wrong('invalid_client')
    const token = randomBytes(24).toString('base64')
    access.set(token, clock() + lifeS * 1000)
    seen.grants += 1
    json(response, 200, { access_token: token, token_type: 'bearer', expires_in: lifeS })
  }

  function send(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    seen.sends += 1
    const fault = takeFault('send')
    if (fault?.status === 0) return void response.destroy()
    const h = request.headers
    if (fault) return answer(response, fault.status, fault.description, fault.said, fault.retryAfter)
    if (request.method !== 'POST') return answer(response, 405, 'Only POST is taken')
    if (h['content-length'] === undefined) return answer(response, 411, 'Content-Length is missing')
    if ((access.get(/^Bearer (\S+)$/.exec(h.authorization ?? '')?.[1] ?? '') ?? 0) <= clock())
      return answer(response, 401, 'The token is expired')
    if (h['x-wns-type'] !== 'wns/raw' || h['content-type'] !== 'application/octet-stream')
      return answer(response, 400, 'Headers do not fit a raw notification')
    if (h['x-wns-cache-policy'] !== undefined && !/^(no-)?cache$/.test(String(h['x-wns-cache-policy'])))
      return answer(response, 400, 'X-WNS-Cache-Policy')
    if (body.length === 0) return answer(response, 400, 'The payload is empty')
    if (body.length > bodyLimit) return answer(response, 413, 'The payload is too large')
    const channel = channels.get(`${url}${request.url}`)
    if (!channel) return answer(response, 404, 'The channel URI is not valid')
    if (channel.state === 'ended') return answer(response, 410, 'The channel expired')
    if (channel.state === 'foreign') return answer(response, 403, 'The app does not own the channel')
    seen.accepted += 1
    answer(response, 200)
    channel.wake?.(body.toString('utf8'))
  }

  function takeFault(at: WnsFault['at']): WnsFault | undefined {
    const i = faults.findIndex((f) => f.at === at)
    const fault = faults[i]
    if (fault?.times !== undefined && --fault.times === 0) faults.splice(i, 1)
    return fault
  }
  function answer(
    response: ServerResponse,
    status: number,
    description?: string,
    said = 'received',
    after?: string,
  ): void {
    if (status !== 200) seen.refused[status] = (seen.refused[status] ?? 0) + 1
    response.writeHead(status, {
      'x-wns-msg-id': randomBytes(8).toString('hex').toUpperCase(),
      ...(status === 200 && { 'x-wns-status': said }),
      ...(description !== undefined && { 'x-wns-error-description': description }),
      ...(after !== undefined && { 'retry-after': after }),
      'content-length': '0',
    })
    response.end()
  }

  server.listen(o.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const become = (uri: string, state: 'ended' | 'foreign') => void channels.set(uri, { state })
  return {
    url,
    app,
    channel: (wake) => {
      const uri = `${url}/?token=${randomBytes(24).toString('base64url')}`
      channels.set(uri, { state: 'open', wake })
      return uri
    },
    expire: (uri) => become(uri, 'ended'),
    give: (uri) => become(uri, 'foreign'),
    fault: (f) => void faults.push({ ...f }),
    withdraw: () => access.clear(),
    seen,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function json(response: ServerResponse, status: number, body: object, after?: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(after !== undefined && { 'retry-after': after }),
  })
  response.end(JSON.stringify(body))
}
