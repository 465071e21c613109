/** Certificates issued by this server. */
import type { Core } from '@muster/core'
import { z } from 'zod'
import { type Api, actorOf } from './route.ts'
import { page, pageQuery, text, time } from './shapes.ts'

const tags = ['Certificates']
const Certificate = z
  .object({
    serial: z.string(),
    subject: z.string(),
    device: z.string().nullable(),
    notBefore: time(),
    notAfter: time(),
    revokedAt: time().nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Certificate' })

export function certificateRoutes(app: Api, core: Core): void {
  app.get(
    '/certificates',
    {
      config: { access: { permission: 'certificate:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List certificates, newest first',
        operationId: 'listCertificates',
        querystring: z.strictObject({ ...pageQuery, device: z.uuid().optional() }),
        response: { 200: page('CertificatePage', Certificate) },
      },
    },
    (request) => core.certificates.list(request.query),
  )
  app.post(
    '/certificates/:serial/revoke',
    {
      config: { access: { permission: 'certificate:write' }, problems: ['not-found'] },
      schema: {
        tags,
        summary: 'Revoke a certificate',
        operationId: 'revokeCertificate',
        params: z.object({ serial: z.string().regex(/^[0-9a-fA-F:]{1,64}$/) }),
        body: z.strictObject({ reason: text(200).default('') }).meta({ id: 'CertificateRevocation' }),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await core.certificates.revoke({
        serial: request.params.serial,
        reason: request.body.reason,
        actor: actorOf(request),
      })
      return reply.code(204).send()
    },
  )
}
