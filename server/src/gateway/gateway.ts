/** The gateway: where requests come in, are known, admitted and bounded. Routes are added by whoever composes the server. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Access } from '@muster/core'
import { corePermissions } from '@muster/core'
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Provider } from 'oidc-provider'
import { onceMade } from '../once-made.ts'
import { createEntrance, type Entrance, type EntranceOptions } from './entrance.ts'
import { apiHeaders } from './headers.ts'
import { addJsonParser, jsonLimits } from './json-body.ts'
import { defaultLimits } from './limits.ts'
import type { TlsFiles } from './listen.ts'
import { interactionRoutes } from './oauth/interaction.ts'
import { mountKeyManager } from './oauth/mount.ts'
import { type DeviceRegistration, registrationRoutes } from './oauth/registration.ts'
import { ensureOwnClients } from './own-clients.ts'
import { pathFault } from './paths.ts'
import { guardRoutes, type RouteEntry } from './permission.ts'
import { identifyPrincipal } from './principal.ts'
import { handleErrors } from './problems.ts'
import { type CertificateReader, createCertificateReader } from './proxied-certificate.ts'
import { sessionCookie } from './session-cookie.ts'
import { sessionRoutes } from './session-routes.ts'
import { mostAtOnce, overloaded, type Weight } from './shed.ts'
import { createPersonReader, type PersonReader, signInRoutes } from './sign-in.ts'
import { createThrottle } from './throttle.ts'

export interface GatewayOptions extends EntranceOptions {
  access: Access
  /** Where people and devices reach us, without a final slash: issuer, origin and links come from it. */
  publicUrl: string
  /** One that stands already, perhaps with open ports; without it one is made of these options. */
  entrance?: Entrance
  registration: DeviceRegistration
  /** Permissions beyond those of routes and core: `operation:<operation id>` for each operation of the catalogue. */
  permissions?: readonly string[]
  /** `id:secret` of a client that may do everything, made or updated at each start. */
  bootstrapClient?: string
  /** Header in which trusted proxies hand on the certificate that a caller has proven to them. */
  clientCertificateHeader?: string
}
export interface Gateway {
  /** Add routes before `start`; each declares `config.access`. */
  app: FastifyInstance
  /** Checks every route, then lets in who waits at the entrance, whose ports are opened by then. */
  start(): Promise<{ http?: number; https?: number }>
  stop(graceMs?: number): Promise<void>
  /** Aborted when stopping begins: end long polls and streams then. */
  readonly stopping: AbortSignal
  routeTable(): readonly RouteEntry[]
  /** All permissions there are, so all scopes that may be asked for; complete once all routes are added. */
  permissions(): string[]
  renewTls(tls: TlsFiles): void
  /** The certificate that a caller has proven, to us or to a proxy that we believe. */
  certificateOf: CertificateReader
  /** The person whose browser it is. */
  personOf: PersonReader
}

/** Nobody has asked for the key manager until then: it is made for whoever comes next. */
const warmAfterMs = 3_000

export function createGateway(o: GatewayOptions): Gateway {
  const publicUrl = o.publicUrl.replace(/\/+$/, '')
  const publicOrigin = new URL(publicUrl).origin
  const app = createApp(o)
  const entrance = o.entrance ?? createEntrance(o)
  const { pressure, running } = entrance
  const throttle = createThrottle({ ...defaultLimits, ...o.limits }, entrance.devices)
  function admitted(weight: Weight, reply: FastifyReply): void {
    pressure.note()
    if (weight === 'never') return
    const full = running.requests >= mostAtOnce
    if (weight === 'work' ? full : full || pressure.sheds(weight)) throw overloaded(pressure.level())
    running.requests++
    reply.raw.once('close', () => running.requests--)
  }
  const table = guardRoutes(app, {
    principal: identifyPrincipal(o.access, publicOrigin),
    throttlePrincipal: throttle.principal,
    throttlePublic: throttle.public,
    throttleDevice: (request, reply, done) => {
      pressure.note()
      throttle.device.call(app, request, reply, done)
    },
    admitted,
    deviceAnswered: throttle.deviceAnswered,
    headers: apiHeaders(publicUrl),
  })
  const answer = handleErrors(app, o.log, table)
  onFrameworkError(app, answer)
  const permissions = () =>
    [
      ...new Set([
        ...corePermissions,
        ...(o.permissions ?? []),
        ...table.routes().flatMap((r) => ('permission' in r.access ? [r.access.permission] : [])),
      ]),
    ].sort()

  const keyManager = onceMade(async (): Promise<Provider> => {
    // Not before it is needed: loading it takes a fifth of a second, which no device that comes back has to wait for.
    const { createKeyManager } = await import('./oauth/provider.ts')
    return createKeyManager({
      access: o.access,
      keys: await o.access.oauthKeys(),
      log: o.log,
      issuer: `${publicUrl}/oauth2`,
      resource: `${publicUrl}/api`,
      scopes: permissions(),
      consoleUser,
    })
  })
  const consoleSessions = new WeakMap<IncomingMessage, string>()
  const before = (request: FastifyRequest) => {
    const session = sessionCookie(request)
    if (session !== undefined) consoleSessions.set(request.raw, session)
  }
  const consoleUser = async (request: IncomingMessage) => {
    const session = consoleSessions.get(request)
    return session === undefined ? undefined : (await o.access.principalOfSession(session))?.id
  }

  const personOf = createPersonReader(o.access, publicOrigin)
  sessionRoutes(app, { access: o.access, publicOrigin, throttle })
  signInRoutes(app, { access: o.access, publicUrl, throttle, personOf })
  registrationRoutes(app, { access: o.access, registration: o.registration, publicUrl, throttle })
  interactionRoutes(app, { access: o.access, provider: keyManager, publicUrl, throttle })
  mountKeyManager(app, { publicUrl, throttle, provider: keyManager, before })

  app.addHook('onReady', async () => {
    table.check()
    await o.access.ensureBuiltinRoles(permissions())
    await ensureOwnClients(o.access, o.log, o.bootstrapClient)
  })

  let warming: NodeJS.Timeout | undefined
  return {
    app,
    start: async () => {
      await app.ready()
      o.access.start()
      entrance.serve((request, response) => app.routing(request, response))
      const opened = await entrance.open()
      warming = setTimeout(
        () =>
          void keyManager().catch((err: unknown) =>
            o.log.error({ err }, 'the key manager does not open; it is tried again when it is asked for'),
          ),
        warmAfterMs,
      ).unref()
      return opened
    },
    stop: async (graceMs = 10_000) => {
      clearTimeout(warming)
      await entrance.close(graceMs)
      await app.close()
      o.access.stop()
    },
    stopping: entrance.stopping,
    routeTable: table.routes,
    permissions,
    renewTls: entrance.renewTls,
    certificateOf: createCertificateReader({ trustedProxies: o.trustedProxies, header: o.clientCertificateHeader }),
    personOf,
  }
}

type Answer = ReturnType<typeof handleErrors>
const frameworkAnswers = new WeakMap<object, { answer?: Answer }>()

/** Schemas are zod's everywhere: the framework's own compilers, which its types expect, are not even loaded. */
const compilersFactory = {
  buildValidator: () => validatorCompiler,
  buildSerializer: () => serializerCompiler,
} as unknown as NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']

function createApp(o: GatewayOptions): FastifyInstance {
  const boot = randomBytes(4).toString('hex')
  let requests = 0
  const late: { answer?: Answer } = {}
  const app = Fastify({
    logger: false,
    genReqId: () => `${boot}-${(++requests).toString(36)}`,
    bodyLimit: jsonLimits.bytes,
    trustProxy: o.trustedProxies && o.trustedProxies.length > 0 ? [...o.trustedProxies] : false,
    forceCloseConnections: true,
    return503OnClosing: true,
    schemaController: { compilersFactory },
    // A refused path leads to a place that no route has, and the answer names the fault by the original one.
    rewriteUrl: (request) => (pathFault(request.url ?? '') === undefined ? request.url! : refusedPath),
    frameworkErrors: (error, request, reply) => late.answer?.(error, request, reply as never),
    routerOptions: { maxParamLength: 256 },
  })
  app.decorateRequest('principal', null)
  app.decorateRequest('session', null)
  addJsonParser(app)
  frameworkAnswers.set(app, late)
  return app
}

const refusedPath = '/~refused-path'

function onFrameworkError(app: FastifyInstance, answer: Answer): void {
  const late = frameworkAnswers.get(app)
  if (late) late.answer = answer
}
