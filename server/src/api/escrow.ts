/** Keys that devices entrusted to the server: which there are, and one of them for a person who says why. */
import type { Core } from '@muster/core'
import { z } from 'zod'
import { type Api, actorOf, reachOf } from './route.ts'
import { IdParams, list, text, time } from './shapes.ts'
import { readerOf } from './spoken.ts'

const tags = ['Devices']
const EscrowItem = z
  .object({
    name: z.string(),
    title: z.string(),
    summary: z.string(),
    readable: z.boolean().describe('Can be shown; of others it is only told that they are there'),
    at: time().describe('When the device entrusted it'),
  })
  .meta({ id: 'EscrowItem' })
const EscrowValue = z
  .object({ name: z.string(), title: z.string(), value: z.string(), at: time() })
  .meta({ id: 'EscrowValue' })

export function escrowRoutes(app: Api, core: Core): void {
  app.get(
    '/devices/:id/escrow',
    {
      config: { access: { permission: 'device:read' }, problems: ['not-found'] },
      schema: {
        tags,
        summary: 'List the keys that a device entrusted to the server',
        operationId: 'listDeviceEscrow',
        description:
          'The newest of each name, also of enrolments that ended. Their contents are not told: see revealDeviceEscrow.',
        params: IdParams,
        response: { 200: z.object({ items: list(EscrowItem) }).meta({ id: 'EscrowList' }) },
      },
    },
    async (request) => ({
      items: await core.escrow.list(await core.reports.reached(request.params.id, reachOf(request)), readerOf(request)),
    }),
  )
  app.post(
    '/devices/:id/escrow/:name/reveal',
    {
      config: { access: { permission: 'escrow:reveal' }, problems: ['not-found'] },
      schema: {
        tags,
        summary: 'Read a key that a device entrusted to the server',
        operationId: 'revealDeviceEscrow',
        description: 'Who read it, when and for which reason is written into the audit log before it is answered.',
        params: IdParams.extend({ name: z.string().min(1).max(128) }),
        body: z
          .strictObject({ reason: text(500, 5).describe('Why it is needed, for the audit log') })
          .meta({ id: 'EscrowReveal' }),
        response: { 200: EscrowValue },
      },
    },
    async (request) => {
      const { id, name } = request.params
      return core.escrow.reveal({
        device: await core.reports.reached(id, reachOf(request)),
        name,
        reason: request.body.reason,
        actor: actorOf(request),
        remote: request.ip,
        language: readerOf(request),
      })
    },
  )
}
