/** The event stream: what happens, as it happens, resumable after a broken connection (server-sent events). */
import type { ServerResponse } from 'node:http'
import { eventTypes, Problem } from '@muster/contract'
import type { Core, EventRecord, Principal } from '@muster/core'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type Api, principalOf } from './route.ts'

const heartbeatMs = 15_000
/** Bytes a slow reader may let pile up before the stream is ended; it resumes from the last id it saw. */
const backlogBytes = 4 * 1024 * 1024
/** Streams one caller may hold open on one node. */
const streamsEach = 20
/** A mistyped one would be waited for without end. */
const known: ReadonlySet<string> = new Set(eventTypes)

const EventQuery = z.strictObject({
  types: z.string().max(2000).optional().describe('Only these types, separated by commas'),
  after: z.string().max(64).optional().describe('As Last-Event-ID, for clients that cannot send the header'),
})
const description =
  'Each event has `id`, `event` (its type) and `data` (JSON). Send the last id as `Last-Event-ID` to go on where it broke off; a comment comes each 15 seconds. Only events within your reach are shown. The stream ends when your session or token does.'

export function eventRoutes(app: Api, core: Core, stopping: AbortSignal): void {
  const open = new Map<string, number>()
  app.get(
    '/events',
    {
      // A HEAD of a stream would never end.
      exposeHeadRoute: false,
      config: { access: { permission: 'event:read' }, problems: ['events-gone', 'invalid-cursor'] },
      schema: {
        tags: ['Events'],
        summary: 'Follow what happens (server-sent events)',
        operationId: 'followEvents',
        description,
        querystring: EventQuery,
        headers: z.object({ 'last-event-id': z.string().max(64).optional() }),
        response: {
          200: { description: 'A stream that does not end', content: { 'text/event-stream': { schema: z.string() } } },
        },
      },
    },
    async (request, reply) => {
      const { actor } = principalOf(request)
      const after = request.headers['last-event-id'] || request.query.after
      const types = request.query.types?.split(',').filter(Boolean)
      const unknown = types?.find((type) => !known.has(type))
      if (unknown !== undefined)
        throw new Problem('invalid-request', {
          errors: [{ path: 'types', message: `there is no event type ${unknown}` }],
        })
      const streams = open.get(actor) ?? 0
      if (streams >= streamsEach) throw new Problem('throttled', { retryAfterS: 5, streams })
      // Asked before the stream begins, so that a refusal is an answer of its own.
      if (after !== undefined) await core.events.read(after, 1)
      reply.hijack()
      open.set(actor, (open.get(actor) ?? 0) + 1)
      // The headers that the guard set for every answer go out with these.
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
      stream(core, { request, response: reply.raw, after, types, stopping }, () =>
        open.set(actor, (open.get(actor) ?? 1) - 1),
      )
    },
  )
}

interface Stream {
  request: FastifyRequest
  response: ServerResponse
  after: string | undefined
  types: readonly string[] | undefined
  stopping: AbortSignal
}

function stream(core: Core, o: Stream, closed: () => void): void {
  const { response } = o
  response.write('retry: 2000\n\n')
  const follower = core.events.follow({ after: o.after, gone: () => end() }, async (batch) => {
    const reader = await readerNow(core, o.request)
    if (!reader) return end()
    const shown = await core.reports.visibleEvents(batch, reader)
    for (const e of shown) if (!o.types || o.types.includes(e.type)) response.write(wire(e))
    // Ending would first wait for what it does not read.
    if (response.writableLength > backlogBytes) response.destroy()
  })
  const beat = async () => {
    if (await readerNow(core, o.request)) response.write(': \n\n')
    else end()
  }
  void follower.ready.then(() => response.write(': following\n\n'))
  const heartbeat = setInterval(() => void beat().catch(() => end()), heartbeatMs)

  function end(): void {
    if (response.writableEnded) return
    response.end()
  }
  response.on('close', () => {
    clearInterval(heartbeat)
    o.stopping.removeEventListener('abort', end)
    void follower.stop()
    closed()
  })
  o.stopping.addEventListener('abort', end)
}

/** Who the session or token of this request is now; undefined when it has ended. Cached for at most 5 s by access. */
async function readerNow(core: Core, request: FastifyRequest): Promise<Principal | undefined> {
  if (request.session !== null) return core.access.principalOfSession(request.session)
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const found = token === undefined ? undefined : await core.access.principalOfToken(token)
  return found && 'permissions' in found ? found : undefined
}

function wire(e: EventRecord): string {
  return `id: ${e.id}\nevent: ${e.type}\ndata: ${JSON.stringify({ ...e.data, at: e.at })}\n\n`
}
