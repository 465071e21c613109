/** Counts for the dashboard. */
import type { Core } from '@muster/core'
import { z } from 'zod'
import { type Api, reachOf } from './route.ts'

const counts = () => z.record(z.string(), z.int())
const Summary = z
  .object({
    devices: z.object({
      total: z.int(),
      platform: counts(),
      lifecycle: counts(),
      liveness: counts(),
      compliance: counts(),
      ownership: counts(),
    }),
    operations: counts().describe('Open operations by state'),
  })
  .meta({ id: 'Summary' })

export function summaryRoutes(app: Api, core: Core): void {
  app.get(
    '/metrics-summary',
    {
      config: { access: { permission: 'device:read' } },
      schema: {
        tags: ['Devices'],
        summary: 'Count devices and open operations',
        operationId: 'getSummary',
        response: { 200: Summary },
      },
    },
    async (request) => {
      const { devices, operations, ...by } = await core.reports.summary(reachOf(request))
      return { devices: { total: devices, ...by }, operations }
    },
  )
}
