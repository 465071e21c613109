/** The door of devices: mounts the plugins' routes below `/<platform>`, as bytes in and bytes out, with nothing in between. */
import type { Message, Reply, Route } from '@muster/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CertificateReader, PersonReader } from '../gateway/index.ts'
import { whileOpen } from './connected.ts'
import { checkPlaces, placeOf } from './places.ts'

export { addShortcuts } from './shortcut.ts'

export interface DeviceRoutesOptions {
  routes: readonly { platform: string; route: Route }[]
  certificateOf: CertificateReader
  personOf?: PersonReader
  /** Paths that are the server's own; asked when all of them are there. */
  taken?(): readonly string[]
  /** Aborted when the server stops: what waits answers then. */
  stopping: AbortSignal
}

export async function registerDeviceRoutes(app: FastifyInstance, o: DeviceRoutesOptions): Promise<void> {
  await app.register(async (scope) => {
    checkPlaces(o.routes, o.taken?.() ?? [])
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    for (const { platform, route } of o.routes) {
      scope.route({
        method: route.method,
        url: placeOf(platform, route),
        config: { access: route.access },
        schema: { hide: true },
        // A body that a route does not take is refused by its first byte.
        bodyLimit: Math.max(1, route.maxBytes),
        exposeHeadRoute: false,
        handler: async (request, reply) => answer(reply, await route.handle(message(request, reply, route.path, o))),
      })
    }
  })
}

const nothing = new Uint8Array(0)

/** The request as a plugin sees it. `signal` is made when it is asked for: only long polls do. */
function message(
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  { certificateOf, personOf, stopping }: DeviceRoutesOptions,
): Message {
  const url = request.raw.url ?? ''
  const question = url.indexOf('?')
  let signal: AbortSignal | undefined
  return {
    method: request.method,
    path,
    query: question < 0 ? '' : url.slice(question + 1),
    headers: request.headers as Record<string, string>,
    body: request.body instanceof Uint8Array ? request.body : nothing,
    certificate: certificateOf(request),
    remote: request.ip,
    person: personOf && (() => personOf(request)),
    get signal() {
      signal ??= whileOpen(reply.raw, stopping).signal
      return signal
    },
  }
}

function answer(reply: FastifyReply, r: Reply): FastifyReply {
  reply.code(r.status)
  if (r.headers) reply.headers(r.headers)
  if (r.body === undefined) return reply.send()
  return reply.send(
    typeof r.body === 'string' ? r.body : Buffer.from(r.body.buffer, r.body.byteOffset, r.body.byteLength),
  )
}
