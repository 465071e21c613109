/** The root certificate to trust and the list of revoked ones: public by nature. */
import type { Core } from '@muster/core'
import type { FastifyInstance } from 'fastify'

export function pkiRoutes(app: FastifyInstance, core: Core): void {
  const access = { public: 'certificates of authorities and revocation lists are published' }
  app.get('/pki/root.pem', { config: { access }, schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/x-pem-file').send(core.certificates.authorities().root.pem),
  )
  app.get('/pki/crl', { config: { access }, schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/pkix-crl').send(await core.certificates.crl()),
  )
}
