/** The door of the API: every route below /api/v1, and its description. */
import type { AgentOffer } from '@muster/contract'
import type { Core } from '@muster/core'
import type { FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { aboutRoutes } from './about.ts'
import { activityRoutes } from './activities.ts'
import { alertRoutes } from './alerts.ts'
import { approvalRoutes } from './approvals.ts'
import { auditRoutes } from './audit.ts'
import { certificateRoutes } from './certificates.ts'
import { clientRoutes } from './clients.ts'
import { configurationRoutes, licenceRoutes } from './configuration.ts'
import { devicePolicyRoutes } from './device-policy.ts'
import { deviceRoutes } from './devices.ts'
import { escrowRoutes } from './escrow.ts'
import { eventRoutes } from './events.ts'
import { groupRoutes } from './groups.ts'
import { invitationRoutes } from './invitations.ts'
import { describeApi } from './openapi.ts'
import { platformSetupRoutes } from './platform-setup.ts'
import { policyRoutes } from './policies.ts'
import { queryRoutes } from './queries.ts'
import { recoveryRoutes } from './recovery.ts'
import { permissionList, roleRoutes } from './roles.ts'
import { typedRoutes } from './route.ts'
import { summaryRoutes } from './summary.ts'
import { userRoutes } from './users.ts'
import { webhookRoutes } from './webhooks.ts'

export { permissionList } from './roles.ts'

export interface ApiOptions {
  /** The address people and devices reach this server at, without a slash at the end. */
  publicUrl: string
  /** The address agents are given; with a certificate of our own authority it carries the fingerprint to trust. */
  agentAddress?: string
  /** The agent's packages and the command that installs one, where there are any. */
  agentOffer?(platform: string, code: string): Promise<AgentOffer | undefined>
  /** Aborted when the server stops: streams end then. */
  stopping: AbortSignal
}
export const apiPrefix = '/api/v1'

/** Routes of an encapsulated part of `app`, so that nothing of it costs device routes anything. */
export async function registerApi(app: FastifyInstance, core: Core, o: ApiOptions): Promise<void> {
  await describeApi(app, { permissions: permissionList(core) })
  let description: Buffer | undefined
  app.get(
    '/openapi.json',
    { config: { access: { public: 'the description of the API holds no data' } }, schema: { hide: true } },
    (_request, reply) => {
      // Half a megabyte that never changes once routes are complete: made once, and many answers share it.
      description ??= Buffer.from(JSON.stringify(app.swagger()))
      return reply.type('application/json; charset=utf-8').send(description)
    },
  )
  await app.register(
    async (scope) => {
      scope.setValidatorCompiler(validatorCompiler)
      scope.setSerializerCompiler(serializerCompiler)
      const api = typedRoutes(scope)
      aboutRoutes(api, core)
      deviceRoutes(api, core)
      escrowRoutes(api, core)
      queryRoutes(api, core)
      devicePolicyRoutes(api, core)
      summaryRoutes(api, core)
      activityRoutes(api, core)
      invitationRoutes(api, core, o)
      policyRoutes(api, core)
      groupRoutes(api, core)
      userRoutes(api, core)
      roleRoutes(api, core)
      clientRoutes(api, core)
      configurationRoutes(api, core)
      platformSetupRoutes(api, core)
      licenceRoutes(api, core)
      certificateRoutes(api, core)
      alertRoutes(api, core)
      approvalRoutes(api, core)
      webhookRoutes(api, core)
      auditRoutes(api, core)
      recoveryRoutes(api, core)
      eventRoutes(api, core, o.stopping)
    },
    { prefix: apiPrefix },
  )
}
