/**
 * The short way in for the routes that all devices ask again and again: the same throttle, handler and answers as through the
 * framework, without its cost. What is not plain enough for it goes the long way.
 */
import type { Socket } from 'node:net'
import type { Reply, Route } from '@muster/contract'
import { failing, failpoint } from '@muster/core'
import type { Edge, Entrance, PlainRequest, Shortcut } from '../gateway/index.ts'
import { whileOpen } from './connected.ts'
import { placeOf } from './places.ts'

interface ShortcutOptions {
  route: Route
  stopping: AbortSignal
  edge: Edge
  measure(status: number, seconds: number): void
}

/** For every route by which devices that are known already speak. */
export function addShortcuts(
  entrance: Pick<Entrance, 'shortcuts' | 'edge'>,
  o: {
    routes: readonly { platform: string; route: Route }[]
    stopping: AbortSignal
    meter(method: string, route: string): ShortcutOptions['measure']
  },
): void {
  for (const { platform, route } of o.routes) {
    if (!('device' in route.access) || !methods.has(route.method) || /[:*]/.test(route.path)) continue
    const target = placeOf(platform, route)
    const measure = o.meter(route.method, target)
    const shortcut = createShortcut({ route, stopping: o.stopping, edge: entrance.edge, measure })
    entrance.shortcuts.set(`${route.method} ${target}`, shortcut)
  }
}
/** Those that the lane reads. */
const methods: ReadonlySet<string> = new Set(['POST', 'PUT'])

/** A type that the framework would take as it stands, whatever it is; each is looked at once. */
const plainType = /^[a-z]+\/[a-z0-9.+-]+(?:; ?charset=[a-z0-9-]+)?$/i
const types = new Set(['application/json'])
function isPlainType(type: string | undefined): boolean {
  if (type === undefined) return false
  if (types.has(type)) return true
  if (type.length > 100 || !plainType.test(type)) return false
  if (types.size < 100) types.add(type)
  return true
}

/** What a route's `now` and `soon` look at. The certificate is read when it is asked for. */
class Asked {
  readonly query: string
  readonly headers: PlainRequest['headers']
  readonly body: Buffer
  readonly #socket: Socket
  readonly #edge: Edge
  constructor(request: PlainRequest, socket: Socket, edge: Edge) {
    this.query = request.query
    this.headers = request.headers
    this.body = request.body
    this.#socket = socket
    this.#edge = edge
  }
  get certificate(): Buffer | undefined {
    return this.#edge.certificateOf(this.headers, this.#socket)
  }
}

/** By whom it is counted: the token as it was sent, or the connection of who signs or shows a certificate. undefined: neither. */
function keyOf(asked: Asked, socket: Socket, remote: string): string | undefined {
  const { authorization } = asked.headers
  if (authorization !== undefined) return authorization
  if (asked.headers['mdm-signature'] === undefined && asked.certificate === undefined) return undefined
  const known = keys.get(socket)
  if (known?.remote === remote) return known.key
  const key = `at ${remote}:${socket.remotePort}`
  keys.set(socket, { remote, key })
  return key
}
/** A connection keeps its port, and mostly its caller. */
const keys = new WeakMap<Socket, { remote: string; key: string }>()

function createShortcut(o: ShortcutOptions): Shortcut {
  const { route, edge } = o

  async function handle(request: PlainRequest, socket: Socket, remote: string, failure: unknown): Promise<Reply> {
    let open: ReturnType<typeof whileOpen> | undefined
    try {
      if (failure !== undefined) throw failure
      const reply = await route.handle({
        method: route.method,
        path: route.path,
        query: request.query,
        headers: request.headers,
        body: request.body,
        get certificate() {
          return edge.certificateOf(request.headers, socket)
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
  /** By the short way; false: nothing was done. */
  function soon(
    asked: Asked,
    { request, socket, remote }: { request: PlainRequest; socket: Socket; remote: string },
    answer: (reply: Reply) => void,
  ): boolean {
    return (
      route.soon?.(asked, (reply, error) => {
        if (reply && !failing) return answer(reply)
        const long = reply ? guarded(reply) : handle(request, socket, remote, error)
        after(long).then(answer, () => socket.destroy())
      }) ?? false
    )
  }
  /** As `handle` does it where failpoints are armed. */
  const guarded = (reply: Reply) =>
    failpoint('answer.sync.before').then(
      () => reply,
      (error) => edge.problem(error, route.path),
    )
  async function after(answer: Promise<Reply>): Promise<Reply> {
    const reply = await answer
    // The answer goes out before the next turn of the event loop.
    if (failing) setImmediate(() => void failpoint('answer.sync.after'))
    return reply
  }
  const measured = (reply: Reply, began: number) => {
    o.measure(reply.status, (performance.now() - began) / 1000)
    return reply
  }
  return (request, socket, later) => {
    if (!isPlainType(request.headers['content-type'])) return undefined
    if (request.body.length > route.maxBytes || o.stopping.aborted) return undefined
    const remote = edge.remoteOf(request.headers, socket)
    if (remote === undefined) return undefined
    const asked = new Asked(request, socket, edge)
    const key = keyOf(asked, socket, remote)
    if (key === undefined) return undefined
    const began = performance.now()
    let failure: unknown = edge.refusal(key, remote)
    try {
      if (failure === undefined) {
        const known = route.now?.(asked)
        if (known) return measured(known, began)
        if (route.soon && soon(asked, { request, socket, remote }, (reply) => later(measured(reply, began))))
          return 'later'
      }
    } catch (error) {
      failure = error
    }
    return after(handle(request, socket, remote, failure)).then((reply) => measured(reply, began))
  }
}
