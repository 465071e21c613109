/** The gateway: where requests come in, are known, admitted and bounded. Routes are added by whoever composes the server. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Problem, Reply } from '@muster/contract'
import type { Access, Log } from '@muster/core'
import { corePermissions } from '@muster/core'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Provider } from 'oidc-provider'
import { apiHeaders } from './headers.ts'
import { addJsonParser, jsonLimits } from './json-body.ts'
import { createDoors, type Ports, type Shortcut, type TlsFiles } from './listen.ts'
import { interactionRoutes } from './oauth/interaction.ts'
import { mountKeyManager } from './oauth/mount.ts'
import { createKeyManager } from './oauth/provider.ts'
import { type DeviceRegistration, registrationRoutes } from './oauth/registration.ts'
import { ensureOwnClients } from './own-clients.ts'
import { pathFault } from './paths.ts'
import { guardRoutes, type RouteEntry } from './permission.ts'
import { identifyPrincipal } from './principal.ts'
import { asProblem, handleErrors, problemReply } from './problems.ts'
import { sessionCookie } from './session-cookie.ts'
import { sessionRoutes } from './session-routes.ts'
import { createThrottle, defaultLimits, type Limits } from './throttle.ts'

export interface GatewayOptions {
  access: Access
  log: Log
  /** Where people and devices reach us, without a final slash: issuer, origin and links come from it. */
  publicUrl: string
  ports: Ports
  /** Interface to listen on; all by default. */
  host?: string
  tls?: TlsFiles
  registration: DeviceRegistration
  /** Permissions beyond those of routes and core: `operation:<operation id>` for each operation of the catalogue. */
  permissions?: readonly string[]
  /** `id:secret` of a client that may do everything, made or updated at each start. */
  bootstrapClient?: string
  /** Addresses or CIDR blocks whose X-Forwarded-* are believed. */
  trustedProxies?: readonly string[]
  limits?: Partial<Limits>
  maxConnections?: number
}
export interface Gateway {
  /** Add routes before `start`; each declares `config.access`. */
  app: FastifyInstance
  /** Checks every route, opens the key manager, then the ports. */
  start(): Promise<{ http?: number; https?: number }>
  stop(graceMs?: number): Promise<void>
  /** Aborted when stopping begins: end long polls and streams then. */
  readonly stopping: AbortSignal
  routeTable(): readonly RouteEntry[]
  /** All permissions there are, so all scopes that may be asked for; complete once all routes are added. */
  permissions(): string[]
  renewTls(tls: TlsFiles): void
  /** Requests by target that are answered before the router: for the few routes whose cost counts. Each takes only what it surely understands. */
  shortcuts: Map<string, Shortcut>
  /** What a shortcut owes to the rest: throttling, and problems in the usual form. */
  edge: Edge
}
export interface Edge {
  /** Why this caller is refused now. */
  refusal(key: string, ip: string): Problem | undefined
  refused(ip: string): void
  /** What any thrown thing is to the caller; logged when it is our fault. */
  problem(error: unknown, path: string): Reply
  /** Callers' addresses come from a proxy, which the framework alone reads. */
  readonly proxied: boolean
}

export function createGateway(o: GatewayOptions): Gateway {
  const publicUrl = o.publicUrl.replace(/\/+$/, '')
  const publicOrigin = new URL(publicUrl).origin
  const app = createApp(o)
  const throttle = createThrottle({ ...defaultLimits, ...o.limits })
  const table = guardRoutes(app, {
    principal: identifyPrincipal(o.access, publicOrigin),
    throttlePrincipal: throttle.principal,
    throttlePublic: throttle.public,
    throttleDevice: throttle.device,
    deviceAnswered: throttle.deviceAnswered,
    headers: apiHeaders(publicUrl),
  })
  const answer = handleErrors(app, o.log, table)
  onFrameworkError(app, answer)
  const stopping = new AbortController()
  const permissions = () =>
    [
      ...new Set([
        ...corePermissions,
        ...(o.permissions ?? []),
        ...table.routes().flatMap((r) => ('permission' in r.access ? [r.access.permission] : [])),
      ]),
    ].sort()

  let keyManager: Provider | undefined
  const provider = () => {
    if (!keyManager) throw new Error('the key manager opens when the gateway starts')
    return keyManager
  }
  const consoleSessions = new WeakMap<IncomingMessage, string>()
  const before = (request: FastifyRequest) => {
    const session = sessionCookie(request)
    if (session !== undefined) consoleSessions.set(request.raw, session)
  }
  const consoleUser = async (request: IncomingMessage) => {
    const session = consoleSessions.get(request)
    return session === undefined ? undefined : (await o.access.principalOfSession(session))?.id
  }

  sessionRoutes(app, { access: o.access, publicOrigin, throttle })
  registrationRoutes(app, { access: o.access, registration: o.registration, publicUrl, throttle })
  interactionRoutes(app, { access: o.access, provider, publicOrigin, throttle })
  mountKeyManager(app, { publicUrl, throttle, provider, before })

  app.addHook('onReady', async () => {
    table.check()
    const scopes = permissions()
    await o.access.ensureBuiltinRoles(scopes)
    await ensureOwnClients(o.access, o.log, o.bootstrapClient)
    const keys = await o.access.oauthKeys()
    keyManager = createKeyManager({
      access: o.access,
      keys,
      log: o.log,
      issuer: `${publicUrl}/oauth2`,
      resource: `${publicUrl}/api`,
      scopes,
      consoleUser,
    })
  })

  const shortcuts = new Map<string, Shortcut>()
  const doors = createDoors({
    app,
    shortcuts,
    ports: o.ports,
    host: o.host ?? '::',
    tls: o.tls,
    log: o.log,
    maxConnections: o.maxConnections,
  })
  return {
    app,
    start: async () => {
      await app.ready()
      o.access.start()
      return doors.open()
    },
    stop: async (graceMs = 10_000) => {
      stopping.abort()
      await doors.close(graceMs)
      await app.close()
      o.access.stop()
    },
    stopping: stopping.signal,
    routeTable: table.routes,
    permissions,
    renewTls: doors.renewTls,
    shortcuts,
    edge: {
      refusal: throttle.deviceRefusal,
      refused: throttle.deviceRefused,
      problem: (error, path) => problemOf(o.log, error, path),
      proxied: (o.trustedProxies?.length ?? 0) > 0,
    },
  }
}

function problemOf(log: Log, error: unknown, path: string): Reply {
  const p = asProblem(error)
  const requestId = randomUUID()
  if (p.status >= 500)
    log.error({ err: error, requestId, path }, p.code === 'internal-error' ? 'a request failed' : p.code)
  return problemReply(p, requestId)
}

type Answer = ReturnType<typeof handleErrors>
const frameworkAnswers = new WeakMap<object, { answer?: Answer }>()

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
