/** Invitations: made and withdrawn by administrators, looked at by the person who enrols. */
import type { AgentOffer } from '@muster/contract'
import type { Core } from '@muster/core'
import { z } from 'zod'
import { type Api, actorOf } from './route.ts'
import { IdParams, Named, ownership, page, pageQuery, platformId, time } from './shapes.ts'
import { userNo } from './users.ts'

const tags = ['Enrolment']
const state = z.enum(['open', 'used', 'expired', 'revoked'])
const Invitation = z
  .object({
    id: z.string(),
    platform: z.string(),
    ownership: ownership(),
    user: Named.nullable(),
    state,
    createdAt: time(),
    createdBy: z.string(),
    expiresAt: time(),
    usedAt: time().nullable(),
    device: z.string().nullable().describe('The device that it enrolled'),
  })
  .meta({ id: 'Invitation' })
const InvitationRequest = z
  .strictObject({
    platform: platformId(),
    ownership: ownership(),
    user: z.string().min(1).max(200).optional().describe('Id or name of the user who will own the device'),
    expiresIn: z
      .int()
      .min(60)
      .max(90 * 86400)
      .optional()
      .describe('Seconds; 7 days without it'),
  })
  .meta({ id: 'InvitationRequest' })
const InvitationCreated = z
  .object({ id: z.string(), code: z.string().describe('Shown this once'), url: z.string(), expiresAt: time() })
  .meta({ id: 'InvitationCreated' })
const EnrolmentTerms = z
  .object({
    platform: z.string(),
    ownership: ownership(),
    organisation: z.string(),
    expiresAt: time(),
    licence: z.object({ version: z.string(), language: z.string(), text: z.string() }).optional(),
    steps: z.array(
      z
        .object({
          text: z.string(),
          command: z.string().optional(),
          link: z.string().optional(),
          file: z.string().optional(),
          qr: z.string().optional(),
        })
        .meta({ id: 'EnrolmentStep' }),
    ),
  })
  .meta({ id: 'EnrolmentTerms' })

interface Addresses {
  publicUrl: string
  agentAddress?: string
  agentOffer?(platform: string, code: string): Promise<AgentOffer | undefined>
}

export function invitationRoutes(app: Api, core: Core, { publicUrl, agentAddress, agentOffer }: Addresses): void {
  app.get(
    '/invitations',
    {
      config: { access: { permission: 'invitation:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List invitations, newest first',
        operationId: 'listInvitations',
        querystring: z.strictObject({ ...pageQuery, state: state.optional() }),
        response: { 200: page('InvitationPage', Invitation) },
      },
    },
    (request) => core.enrollment.invitations.list(request.query),
  )
  app.post(
    '/invitations',
    {
      config: { access: { permission: 'invitation:write' }, problems: ['unknown-platform'] },
      schema: {
        tags,
        summary: 'Invite a device',
        operationId: 'createInvitation',
        body: InvitationRequest,
        response: { 201: InvitationCreated },
      },
    },
    async (request, reply) => {
      const { platform, ownership, user, expiresIn } = request.body
      const { invitation, code } = await core.enrollment.invite({
        platform,
        ownership,
        user: user === undefined ? undefined : await userNo(core, user),
        expiresInS: expiresIn,
        actor: actorOf(request),
      })
      return reply
        .code(201)
        .send({ id: invitation.id, code, url: `${publicUrl}/enrol/${code}`, expiresAt: invitation.expiresAt })
    },
  )
  app.delete(
    '/invitations/:id',
    {
      config: { access: { permission: 'invitation:write' }, problems: ['not-found', 'wrong-state'] },
      schema: {
        tags,
        summary: 'Withdraw an invitation',
        operationId: 'revokeInvitation',
        params: IdParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await core.enrollment.invitations.revoke(request.params.id, actorOf(request))
      return reply.code(204).send()
    },
  )
  app.get(
    '/enrolments/:code',
    {
      config: {
        access: { public: 'the code is the secret; the person enrolling has no account' },
        problems: ['invitation-unknown', 'invitation-used', 'invitation-expired', 'invitation-revoked'],
      },
      schema: {
        tags,
        summary: 'See what an enrolment code gives and how to use it',
        operationId: 'getEnrolment',
        params: z.object({ code: z.string().min(1).max(128) }),
        response: { 200: EnrolmentTerms },
      },
    },
    async (request) => {
      const { code } = request.params
      const language = request.headers['accept-language']?.slice(0, 35).split(/[,;]/)[0]
      const terms = await core.enrollment.look(code, language)
      const { steps } = await core.platforms.invite(terms.platform, {
        code,
        url: `${publicUrl}/enrol/${code}`,
        server: agentAddress ?? publicUrl,
        agent: await agentOffer?.(terms.platform, code),
        ownership: terms.ownership,
        language,
      })
      return { ...terms, expiresAt: terms.expiresAt ?? '', steps: [...steps] }
    },
  )
}
