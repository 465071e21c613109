/**
 * The short way in for the routes that all devices ask again and again: the same throttle, handler and answers as through the
 * framework, without its cost. What is not plain enough for it goes the long way.
 */
import type { Socket } from 'node:net'
import type { Reply, Route } from '@muster/contract'
import { failing, failpoint } from '@muster/core'
import { certificateOf, type Edge, type Gateway, type PlainRequest, type Shortcut } from '../gateway/index.ts'
import { whileOpen } from './connected.ts'
import { placeOf } from './places.ts'

interface ShortcutOptions {
  route: Route
  stopping: AbortSignal
  edge: Edge
  measure(status: number, seconds: number): void
}

/** For every route by which devices that are known already speak. Behind a proxy there is none: the framework alone reads whom it speaks for. */
export function addShortcuts(
  gateway: Pick<Gateway, 'shortcuts' | 'edge'>,
  o: {
    routes: readonly { platform: string; route: Route }[]
    stopping: AbortSignal
    meter(method: string, route: string): ShortcutOptions['measure']
  },
): void {
  if (gateway.edge.proxied) return
  for (const { platform, route } of o.routes) {
    if (!('device' in route.access) || route.method !== 'POST' || /[:*]/.test(route.path)) continue
    const target = placeOf(platform, route)
    const measure = o.meter(route.method, target)
    gateway.shortcuts.set(target, createShortcut({ route, stopping: o.stopping, edge: gateway.edge, measure }))
  }
}

function createShortcut(o: ShortcutOptions): Shortcut {
  const { route, edge } = o

  async function handle(request: PlainRequest, socket: Socket, remote: string, failure: unknown): Promise<Reply> {
    let open: ReturnType<typeof whileOpen> | undefined
    try {
      if (failure !== undefined) throw failure
      const reply = await route.handle({
        method: 'POST',
        path: route.path,
        query: '',
        headers: request.headers,
        body: request.body,
        get certificate() {
          return certificateOf(socket)
        },
        remote,
        get signal() {
          open ??= whileOpen(socket, o.stopping)
          return open.signal
        },
      })
      if (failing) await failpoint('answer.sync.before')
      return reply
    } catch (error) {
      const reply = edge.problem(error, route.path)
      if (reply.status === 401) edge.refused(remote)
      return reply
    } finally {
      open?.release()
    }
  }
  const measured = (reply: Reply, began: number) => {
    o.measure(reply.status, (performance.now() - began) / 1000)
    return reply
  }
  return (request, socket) => {
    const { authorization, 'content-type': type } = request.headers
    if (authorization === undefined || type !== 'application/json') return undefined
    if (request.body.length > route.maxBytes || o.stopping.aborted) return undefined
    const began = performance.now()
    const remote = socket.remoteAddress ?? ''
    let failure: unknown = edge.refusal(authorization, remote)
    try {
      const known = failure === undefined ? route.now?.(request) : undefined
      if (known) return measured(known, began)
    } catch (error) {
      failure = error
    }
    return handle(request, socket, remote, failure).then((reply) => {
      // The answer goes out before the next turn of the event loop.
      if (failing) setImmediate(() => void failpoint('answer.sync.after'))
      return measured(reply, began)
    })
  }
}
