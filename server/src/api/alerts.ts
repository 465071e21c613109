/** Alerts: what somebody should look at, over all devices within reach. */
import { alertSeverities, type Core } from '@muster/core'
import { z } from 'zod'
import { type Api, principalOf, reachOf } from './route.ts'
import { IdParams, id, Json, Named, page, pageQuery, time } from './shapes.ts'

const tags = ['Alerts']
const Alert = z
  .object({
    id: z.string(),
    at: time(),
    device: Named.nullable().describe('Null: it is about the installation itself'),
    type: z.string().describe('device.unreachable, compliance.violated, ...'),
    severity: z.enum(alertSeverities),
    data: Json,
    acknowledgedAt: time().nullable(),
    acknowledgedBy: z.string().nullable(),
  })
  .meta({ id: 'Alert' })
const AlertQuery = z.strictObject({
  ...pageQuery,
  severity: z.enum(alertSeverities).optional(),
  type: z
    .string()
    .regex(/^[a-z0-9.-]{1,64}$/, 'is not a type')
    .optional(),
  device: id().optional(),
  open: z.enum(['true', 'false']).optional().describe('true: not acknowledged yet'),
})

export function alertRoutes(app: Api, core: Core): void {
  app.get(
    '/alerts',
    {
      config: { access: { permission: 'device:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List alerts of all devices, newest first',
        operationId: 'listAlerts',
        querystring: AlertQuery,
        response: { 200: page('AlertPage', Alert) },
      },
    },
    (request) => {
      const { open, ...rest } = request.query
      return core.alerts.list({ ...rest, ...(open && { open: open === 'true' }), reach: reachOf(request) })
    },
  )
  app.post(
    '/alerts/:id/acknowledge',
    {
      config: { access: { permission: 'device:write' }, problems: ['not-found'] },
      schema: {
        tags,
        summary: 'Say that an alert was looked at',
        operationId: 'acknowledgeAlert',
        description: 'The first acknowledgement stands.',
        params: IdParams,
        response: { 200: Alert },
      },
    },
    (request) => core.alerts.acknowledge(request.params.id, principalOf(request)),
  )
}
