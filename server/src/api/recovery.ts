/** Recovery mode: whether this installation was restored from a backup and still holds back what is destructive. */
import type { Core } from '@muster/core'
import { z } from 'zod'
import { type Api, actorOf } from './route.ts'
import { time } from './shapes.ts'

const tags = ['Recovery']
const Recovery = z
  .object({ active: z.boolean(), since: time().nullable().describe('When it was restored') })
  .meta({ id: 'Recovery' })

export function recoveryRoutes(app: Api, core: Core): void {
  app.get(
    '/recovery',
    {
      config: { access: { permission: 'device:read' } },
      schema: {
        tags,
        summary: 'Tell whether the installation is in recovery mode',
        operationId: 'getRecovery',
        description: 'After a restore nothing destructive is sent until an administrator ends recovery mode.',
        response: { 200: Recovery },
      },
    },
    () => core.recovery.state(),
  )
  app.post(
    '/recovery/end',
    {
      config: { access: { permission: 'recovery:write' } },
      schema: {
        tags,
        summary: 'End recovery mode',
        operationId: 'endRecovery',
        description: 'Do so when devices have reported again and what they are told is what you want.',
        response: { 200: Recovery },
      },
    },
    (request) => core.recovery.end(actorOf(request)),
  )
}
