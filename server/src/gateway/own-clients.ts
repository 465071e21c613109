/** Clients that Muster itself brings: the command line (public, device code), and the bootstrap client that the operator names. */
import type { Access, Log } from '@muster/core'

const cliClient = 'muster-cli'

export async function ensureOwnClients(access: Access, log: Log, bootstrap: string | undefined): Promise<void> {
  await access.clients.ensure({
    id: cliClient,
    name: 'Muster command line',
    scopes: ['*'],
    metadata: {
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      redirect_uris: [],
    },
  })
  if (!bootstrap) return
  const colon = bootstrap.indexOf(':')
  const [id, secret] = [bootstrap.slice(0, colon), bootstrap.slice(colon + 1)]
  if (colon < 1 || secret === '') throw new Error('MUSTER_BOOTSTRAP_CLIENT is not id:secret')
  if (secret.length < 16)
    log.warn({ client: id }, 'the secret of MUSTER_BOOTSTRAP_CLIENT is short: use at least 16 random characters')
  await access.clients.ensure({
    id,
    name: 'Bootstrap client',
    secret,
    scopes: ['*'],
    metadata: { grant_types: ['client_credentials'] },
  })
}
