/** What a device should have and has: its effective policy and its compliance. */
import type { Core } from '@muster/core'
import { z } from 'zod'
import { ComplianceWord } from './devices.ts'
import { type Api, reachOf } from './route.ts'
import { IdParams, Json, JsonObject, list, Reason, time } from './shapes.ts'
import { spoken } from './spoken.ts'

const action = z.enum(['enforce', 'warn', 'monitor'])
const EffectiveFeature = z
  .object({
    feature: z.string(),
    title: z.string(),
    settings: JsonObject,
    policy: z.object({ id: z.string(), name: z.string(), version: z.int() }).nullable(),
    origins: z
      .record(z.string(), z.object({ policy: z.string(), version: z.int() }))
      .describe('JSON Pointer of a value -> the policy and version it comes from; "" is all the rest'),
    action,
    state: z.enum(['pending', 'sent', 'acknowledged', 'verified', 'drifted', 'failed', 'not-applicable', 'removing']),
    reason: Reason.nullable(),
    evidence: Json,
    since: time().nullable(),
    verifiedAt: time().nullable(),
  })
  .meta({ id: 'EffectiveFeature' })
const EffectivePolicy = z
  .object({
    set: z.string().nullable(),
    desired: z.string().nullable(),
    applied: z.string().nullable(),
    features: list(EffectiveFeature),
  })
  .meta({
    id: 'EffectivePolicy',
    description: 'Every value with the policy it comes from and whether the device has it',
  })
const DeviceCompliance = z
  .object({
    state: ComplianceWord,
    features: list(
      z
        .object({
          feature: z.string(),
          state: z.enum(['compliant', 'violated', 'unknown']),
          action,
          reason: Reason.nullable(),
          evidence: Json,
          since: time(),
          at: time(),
          graceUntil: time().nullable(),
          escalatedAt: time().nullable(),
        })
        .meta({ id: 'FeatureCompliance' }),
    ),
  })
  .meta({ id: 'DeviceCompliance' })

export function devicePolicyRoutes(app: Api, core: Core): void {
  app.get(
    '/devices/:id/effective-policy',
    {
      config: { access: { permission: 'policy:read' }, problems: ['not-found'] },
      schema: {
        tags: ['Devices'],
        summary: 'Read the settings a device should have, from where, and whether it has them',
        operationId: 'getEffectivePolicy',
        params: IdParams,
        response: { 200: EffectivePolicy },
      },
    },
    async (request) => {
      const found = await core.policies.effective(await core.reports.reached(request.params.id, reachOf(request)))
      return { ...found, features: found.features.map(spoken(core, request).feature) }
    },
  )
  app.get(
    '/devices/:id/compliance',
    {
      config: { access: { permission: 'device:read' }, problems: ['not-found'] },
      schema: {
        tags: ['Devices'],
        summary: 'Read whether a device complies, feature by feature',
        operationId: 'getDeviceCompliance',
        params: IdParams,
        response: { 200: DeviceCompliance },
      },
    },
    async (request) => core.compliance.ofDevice(await core.reports.reached(request.params.id, reachOf(request))),
  )
}
