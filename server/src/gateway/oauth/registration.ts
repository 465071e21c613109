/**
 * Dynamic registration of devices (RFC 7591) and its management (RFC 7592). Our own route, because the invitation is claimed in
 * the transaction that makes device, channel and client: a failure spends nothing, and of raced registrations exactly one wins.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { agentChannel, type IdentifierKind, isProblem, type JsonObject, Problem } from '@muster/contract'
import { type Access, type ClientRecord, fieldErrors, type Principal, uuidv7 } from '@muster/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { bearerToken } from '../principal.ts'
import { asProblem, problemBody } from '../problems.ts'
import type { Throttle } from '../throttle.ts'

/** What enrolment gives the registration. */
export interface DeviceRegistration {
  /**
   * Claims the code and, in the same transaction, makes device, channel and OAuth client: exactly one of raced callers succeeds.
   * Problems: invitation-unknown, -used, -expired, -revoked, -platform.
   */
  claim(c: {
    code: string
    platform: string
    identifiers: readonly { kind: IdentifierKind; value: string }[]
    facts: JsonObject
    client: { id: string; name: string; secretHash: Uint8Array; metadata: JsonObject }
  }): Promise<{ channel: number }>
}

/** Members that a device may not choose are overwritten; those that would ask for more than a device is are refused. */
const metadata = agentChannel.RegistrationExtras.extend({
  client_name: z.string().max(200).optional(),
  grant_types: z
    .array(z.string())
    .max(10)
    .refine((g) => g.every((x) => x === 'client_credentials'), 'a device may use client_credentials only')
    .optional(),
  redirect_uris: z.array(z.string()).max(0, 'a device has no redirect URIs').optional(),
  response_types: z.array(z.string()).max(0, 'a device has no response types').optional(),
  token_endpoint_auth_method: z.enum(['client_secret_basic', 'client_secret_post']).optional(),
  jwks: z.undefined('a device authenticates by its secret').optional(),
  jwks_uri: z.undefined('a device authenticates by its secret').optional(),
  muster_facts: z.record(z.string().min(1).max(128), z.json()).optional(),
})
type Metadata = z.infer<typeof metadata>

/** A lost answer to a rotation must not lock a device out: its old secret stays good this long. */
const graceS = 24 * 3600
const sha256 = (text: string) => createHash('sha256').update(text).digest()

export function registrationRoutes(
  app: FastifyInstance,
  o: { access: Access; registration: DeviceRegistration; publicUrl: string; throttle: Throttle },
): void {
  const { access } = o
  const uri = (id: string) => `${o.publicUrl}/oauth2/reg/${id}`

  async function register(request: FastifyRequest, reply: FastifyReply) {
    const code = tokenOf(request)
    const wanted = readMetadata(request.body)
    const id = `d-${uuidv7()}`
    const secret = randomBytes(32).toString('base64url')
    const management = randomBytes(32).toString('base64url')
    const kept: JsonObject = {
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: wanted.token_endpoint_auth_method ?? 'client_secret_basic',
      software_id: wanted.software_id,
      software_version: wanted.software_version,
      registration_hash: sha256(management).toString('hex'),
    }
    await o.registration.claim({
      code,
      platform: wanted.muster_platform,
      identifiers: wanted.muster_identifiers,
      facts: wanted.muster_facts ?? {},
      client: { id, name: wanted.client_name ?? wanted.software_id, secretHash: sha256(secret), metadata: kept },
    })
    return answer(reply, 201, {
      ...shown(id, wanted.client_name ?? wanted.software_id, kept, new Date()),
      client_secret: secret,
      client_secret_expires_at: 0,
      registration_access_token: management,
      registration_client_uri: uri(id),
    })
  }

  /** The client that the path names and the registration token proves. */
  async function managed(
    request: FastifyRequest,
  ): Promise<{ client: ClientRecord; management: string; by: Principal }> {
    const management = tokenOf(request)
    const { id } = request.params as { id: string }
    const client = await access.clients.record(id)
    const wanted = Buffer.from(
      typeof client?.metadata.registration_hash === 'string' ? client.metadata.registration_hash : '',
      'hex',
    )
    const given = sha256(management)
    if (!client || wanted.length !== given.length || !timingSafeEqual(wanted, given))
      throw new Problem('unauthenticated')
    return {
      client,
      management,
      by: {
        kind: 'client',
        id,
        name: client.name,
        actor: `client:${id}`,
        permissions: [],
        reach: { all: false, groups: [] },
      },
    }
  }

  async function read(request: FastifyRequest, reply: FastifyReply) {
    const { client, management } = await managed(request)
    return answer(reply, 200, {
      ...shown(client.id, client.name, client.metadata, client.created),
      registration_access_token: management,
      registration_client_uri: uri(client.id),
    })
  }
  /** RFC 7592 section 2.2; for a device it is the rotation of its secret. */
  async function update(request: FastifyRequest, reply: FastifyReply) {
    const { client, management, by } = await managed(request)
    const named = z.object({ client_id: z.literal(client.id) }).safeParse(request.body)
    if (!named.success) throw new Problem('invalid-client-metadata', { errors: fieldErrors(named.error) })
    const { secret } = await access.clients.rotate(client.id, by, graceS)
    return answer(reply, 200, {
      ...shown(client.id, client.name, client.metadata, client.created),
      client_secret: secret,
      client_secret_expires_at: 0,
      registration_access_token: management,
      registration_client_uri: uri(client.id),
    })
  }
  async function remove(request: FastifyRequest, reply: FastifyReply) {
    const { client, by } = await managed(request)
    await access.clients.revoke(client.id, by)
    return reply.code(204).header('cache-control', 'no-store').send()
  }

  /** Failures in both languages: OAuth's `error` and `error_description`, and our problem members. */
  const oauth =
    (work: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      await o.throttle.strangers.check(request.ip)
      try {
        return await work(request, reply)
      } catch (e) {
        const p = asProblem(e)
        if (!isProblem(e) || p.status >= 500) throw e
        if (p.code !== 'invalid-client-metadata') await o.throttle.strangers.refused(request.ip)
        if (p.status === 401) void reply.header('www-authenticate', 'Bearer realm="muster", error="invalid_token"')
        return answer(reply, p.status, {
          ...problemBody(p, request.id),
          error: oauthError(p),
          error_description: p.message,
          step: 'code',
        })
      }
    }

  const config = {
    access: { public: 'devices register with an invitation code (RFC 7591)' },
    ownThrottle: true,
  } as const
  app.post('/oauth2/reg', { config, bodyLimit: 64 * 1024 }, oauth(register))
  app.get('/oauth2/reg/:id', { config, exposeHeadRoute: false }, oauth(read))
  app.put('/oauth2/reg/:id', { config, bodyLimit: 64 * 1024 }, oauth(update))
  app.delete('/oauth2/reg/:id', { config }, oauth(remove))
}

function readMetadata(body: unknown): Metadata {
  const read = metadata.safeParse(body)
  if (read.success) return read.data
  throw new Problem('invalid-client-metadata', { errors: fieldErrors(read.error) })
}

function tokenOf(request: FastifyRequest): string {
  const token = bearerToken(request.headers.authorization)
  if (token === undefined) throw new Problem('unauthenticated')
  return token
}

function shown(id: string, name: string, kept: JsonObject, created: Date): JsonObject {
  const { registration_hash: _, ...rest } = kept
  return {
    client_id: id,
    client_name: name,
    client_id_issued_at: Math.floor(created.getTime() / 1000),
    response_types: [],
    redirect_uris: [],
    ...rest,
  }
}

function oauthError(p: Problem): string {
  if (p.code === 'invalid-client-metadata') {
    const fields = Array.isArray(p.extra.errors) ? p.extra.errors : []
    return JSON.stringify(fields).includes('"redirect_uris') ? 'invalid_redirect_uri' : 'invalid_client_metadata'
  }
  if (p.code === 'throttled') return 'slow_down'
  return p.code.startsWith('invitation-') || p.status === 401 ? 'invalid_token' : 'invalid_request'
}

const answer = (reply: FastifyReply, status: number, body: JsonObject) =>
  reply.code(status).header('cache-control', 'no-store').type('application/json').send(JSON.stringify(body))
