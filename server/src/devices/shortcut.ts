/**
 * The short way in for the route that all devices ask again and again: the same throttle, limits, handler and answers as through the
 * framework, without its cost. It takes only the plain form of a request; whatever is unusual goes the long way.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Bytes, Message, Reply, Route } from '@muster/contract'
import { clientCertificate, type Edge, type Gateway, type Shortcut } from '../gateway/index.ts'
import { whileConnected } from './connected.ts'

interface ShortcutOptions {
  route: Route
  stopping: AbortSignal
  edge: Edge
  measure(status: number, seconds: number): void
}

/** For every route by which devices that are known already speak. */
export function addShortcuts(
  gateway: Pick<Gateway, 'shortcuts' | 'edge'>,
  o: {
    routes: readonly { platform: string; route: Route }[]
    stopping: AbortSignal
    meter(method: string, route: string): ShortcutOptions['measure']
  },
): void {
  for (const { platform, route } of o.routes) {
    if (!('device' in route.access) || route.method !== 'POST' || /[:*]/.test(route.path)) continue
    const target = `/${platform}${route.path}`
    const measure = o.meter(route.method, target)
    gateway.shortcuts.set(target, createShortcut({ route, stopping: o.stopping, edge: gateway.edge, measure }))
  }
}

function createShortcut(o: ShortcutOptions): Shortcut {
  const { route, edge } = o

  function answer(response: ServerResponse, r: Reply, began: number): void {
    const body = r.body ?? ''
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
    response.writeHead(r.status, r.body === undefined ? { ...r.headers } : { ...r.headers, 'content-length': length })
    response.end(body)
    o.measure(r.status, (performance.now() - began) / 1000)
  }
  async function handle(request: IncomingMessage, response: ServerResponse, body: Bytes, began: number): Promise<void> {
    const remote = request.socket.remoteAddress ?? ''
    try {
      const reply = await route.handle(messageOf(request, response, body, remote, route.path, o.stopping))
      answer(response, reply, began)
    } catch (error) {
      const reply = edge.problem(error, route.path)
      if (reply.status === 401) edge.refused(remote)
      answer(response, reply, began)
    }
  }
  return (request, response) => {
    const { authorization } = request.headers
    const length = plainLength(request, route.maxBytes)
    if (
      edge.proxied ||
      o.stopping.aborted ||
      request.method !== route.method ||
      authorization === undefined ||
      length === undefined
    )
      return false
    const began = performance.now()
    const refusal = edge.refusal(authorization, request.socket.remoteAddress ?? '')
    if (refusal) {
      request.resume()
      answer(response, edge.problem(refusal, route.path), began)
      return true
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const [only] = chunks
      void handle(request, response, only && chunks.length === 1 ? only : Buffer.concat(chunks), began)
    })
    return true
  }
}

/** Bytes of a JSON body that is sent whole, uncoded and within the limit; undefined for any other. */
function plainLength(request: IncomingMessage, most: number): number | undefined {
  const { headers } = request
  if (headers['content-type'] !== 'application/json') return undefined
  if (headers.expect !== undefined || headers['content-encoding'] !== undefined) return undefined
  const length = Number(headers['content-length'])
  return length > 0 && length <= most ? length : undefined
}

function messageOf(
  request: IncomingMessage,
  response: ServerResponse,
  body: Bytes,
  remote: string,
  path: string,
  stopping: AbortSignal,
): Message {
  let signal: AbortSignal | undefined
  return {
    method: request.method ?? '',
    path,
    query: '',
    headers: request.headers as Record<string, string>,
    body,
    certificate: clientCertificate(request),
    remote,
    get signal() {
      signal ??= whileConnected(response, stopping)
      return signal
    },
  }
}
