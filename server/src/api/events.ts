/** The event stream: what happens, as it happens, resumable after a broken connection (server-sent events). */
import { Problem } from '@muster/contract'
import type { Core, EventRecord } from '@muster/core'
import { z } from 'zod'
import { type Api, principalOf } from './route.ts'

const heartbeatMs = 15_000
/** Bytes a slow reader may let pile up before the stream is ended; it resumes from the last id it saw. */
const backlogBytes = 4 * 1024 * 1024
/** Streams one caller may hold open on one node. */
const streamsEach = 20

export function eventRoutes(app: Api, core: Core, streams: EventStreams): void {
  app.get(
    '/events',
    {
      config: { access: { permission: 'event:read' }, problems: ['events-gone', 'throttled'] },
      schema: {
        tags: ['Events'],
        summary: 'Follow what happens (server-sent events)',
        operationId: 'followEvents',
        description: 'Each event has `id`, `event` (its type) and `data` (JSON). Send the last id as `Last-Event-ID` to go on where it broke off; a comment comes each 15 seconds. Only events of devices within your reach are shown.',
        querystring: z.strictObject({ types: z.string().max(2000).optional().describe('Only these types, separated by commas'), after: z.string().max(64).optional().describe('As Last-Event-ID, for clients that cannot send the header') }),
        headers: z.object({ 'last-event-id': z.string().max(64).optional() }),
        response: { 200: { description: 'A stream that does not end', content: { 'text/event-stream': { schema: z.string() } } } },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const after = request.headers['last-event-id'] || request.query.after
      // Asked before the stream begins, so that a refusal is an answer of its own.
      if (after !== undefined) await core.events.read(after, 1)
      const types = request.query.types?.split(',').filter(Boolean)
      const visible = core.eventFilter(principal)
      const stream = streams.open(principal.actor)
      reply.hijack()
      const { raw } = reply
      raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff' })
      raw.write('retry: 2000\n\n')
      const follower = core.events.follow({ after, gone: () => end() }, async (batch) => {
        const shown = (await visible(batch)).filter((e) => !types || types.includes(e.type))
        for (const e of shown) raw.write(wire(e))
        if (raw.writableLength > backlogBytes) end()
      })
      const heartbeat = setInterval(() => raw.write(': \n\n'), heartbeatMs)
      function end(): void {
        clearInterval(heartbeat)
        stream.close()
        void follower.stop()
        if (!raw.writableEnded) raw.end()
      }
      raw.on('close', end)
      stream.onEnd(end)
    },
  )
}

function wire(e: EventRecord): string {
  return `id: ${e.id}\nevent: ${e.type}\ndata: ${JSON.stringify({ ...e.data, at: e.at })}\n\n`
}

/** The open streams of this node: counted per caller, and ended when the server stops. */
export interface EventStreams {
  open(actor: string): { onEnd(end: () => void): void; close(): void }
  count(): number
  endAll(): void
}

export function createEventStreams(): EventStreams {
  const open = new Map<symbol, { actor: string; end: () => void }>()
  return {
    open: (actor) => {
      if ([...open.values()].filter((s) => s.actor === actor).length >= streamsEach) throw new Problem('throttled', { retryAfterS: 5 })
      const key = Symbol(actor)
      open.set(key, { actor, end: () => {} })
      return {
        onEnd: (end) => {
          open.set(key, { actor, end })
        },
        close: () => {
          open.delete(key)
        },
      }
    },
    count: () => open.size,
    endAll: () => {
      for (const s of [...open.values()]) s.end()
    },
  }
}
