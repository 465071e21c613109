/** Between the key manager's storage words and the core's OAuth store. */
import { isProblem, type Json, type JsonObject } from '@muster/contract'
import { type Access, type ClientRecord, covers, DatabaseProblem } from '@muster/core'
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'

/** A client as the key manager knows it. Its "secret" is the hash: `compareClientSecret` is ours. */
function clientMetadata(c: ClientRecord, knownScopes: readonly string[]): AdapterPayload {
  const grants = words(c.metadata.grant_types, ['client_credentials'])
  const code = grants.includes('authorization_code')
  return {
    application_type: c.metadata.application_type === 'native' ? 'native' : 'web',
    token_endpoint_auth_method:
      c.secretHash === null
        ? 'none'
        : c.metadata.token_endpoint_auth_method === 'client_secret_post'
          ? 'client_secret_post'
          : 'client_secret_basic',
    client_id: c.id,
    client_name: c.name,
    grant_types: c.channel === null ? grants : ['client_credentials'],
    redirect_uris: code ? words(c.metadata.redirect_uris, []) : [],
    response_types: code ? ['code'] : [],
    ...(code ? { response_modes: ['query'] } : {}),
    // A device has no scopes at all; what it may do follows from its channel.
    ...(c.channel === null ? { scope: [...personScopes, ...granted(c.scopes, knownScopes)].join(' ') } : {}),
    id_token_signed_response_alg: 'RS256',
    muster_device: c.channel !== null,
    ...(c.secretHash === null ? {} : { client_secret: c.secretHash.toString('hex') }),
  }
}

/** Scopes about the person, which any client may ask for. */
export const personScopes = ['openid', 'profile', 'offline_access']

/** The scopes that a client's patterns come to. */
export function granted(patterns: readonly string[], known: readonly string[]): string[] {
  return known.filter((s) => patterns.some((p) => covers(p, s)))
}
const words = (v: Json | undefined, otherwise: string[]) => (Array.isArray(v) ? v.map(String) : otherwise)

/** Seconds, for what came without a life of its own. */
const longest = 30 * 24 * 3600

export function createAdapter(access: Access, knownScopes: () => readonly string[]): (kind: string) => Adapter {
  const { oauth } = access
  return (kind) => ({
    upsert: (id, payload, expiresIn) => told(oauth.upsert(kind, id, plain(payload), expiresIn ?? longest)),
    find: async (id) => {
      if (kind !== 'Client') return (await told(oauth.find(kind, id))) as AdapterPayload | undefined
      const client = await told(access.clients.record(id))
      return client && clientMetadata(client, knownScopes())
    },
    findByUid: async (uid) => (await told(oauth.findByUid(kind, uid))) as AdapterPayload | undefined,
    findByUserCode: async (code) => (await told(oauth.findByUserCode(kind, code))) as AdapterPayload | undefined,
    consume: async (id) => {
      // Two uses at once: the first to consume wins, the other never gets a token.
      if (!(await told(oauth.consume(kind, id)))) throw new errors.InvalidGrant('grant request is invalid')
    },
    destroy: (id) => told(oauth.destroy(kind, id)),
    revokeByGrantId: (grantId) => told(oauth.revokeByGrant(grantId)),
  })
}

const plain = (payload: AdapterPayload) => JSON.parse(JSON.stringify(payload)) as JsonObject

/** A database that is away is said in OAuth's own word, with the status that means "later". */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (e) {
    if (!(e instanceof DatabaseProblem) && !(isProblem(e) && e.status === 503)) throw e
    const away = new errors.CustomOIDCProviderError(
      'temporarily_unavailable',
      'The database does not answer. Try again shortly.',
    )
    throw Object.assign(away, { status: 503, statusCode: 503, expose: true, cause: e })
  }
}
