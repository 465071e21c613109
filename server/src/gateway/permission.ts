/** One router, deny by default: every route says who may use it, and the server does not start while one does not. */

import { Problem } from '@muster/contract'
import { may, narrowed } from '@muster/core'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  onResponseHookHandler,
  RouteOptions,
} from 'fastify'
import type { RouteAccess } from './route-access.ts'
import { type Weight, weightOf } from './shed.ts'

export interface RouteEntry {
  method: string
  path: string
  access: RouteAccess
}
export interface RouteTable {
  routes(): readonly RouteEntry[]
  /** Methods of the routes that a path would match, for 405. */
  methodsAt(url: string): string[]
  /** Names every route without a declaration. */
  check(): void
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess
    /** A public route that counts its callers itself. */
    ownThrottle?: boolean
  }
}

/** Runs before the body is read. */
export type AsyncHook = (request: FastifyRequest, reply?: FastifyReply) => Promise<void>
export interface Guards {
  /** Sets `request.principal` or throws. */
  principal: AsyncHook
  throttlePrincipal(request: FastifyRequest): Promise<void>
  throttlePublic: AsyncHook
  throttleDevice: onRequestHookHandler
  deviceAnswered(request: FastifyRequest, reply: FastifyReply): void
  headers(request: FastifyRequest, reply: FastifyReply): void
  /** Throws `overloaded` when what weighs so little is being let go. */
  admitted(weight: Weight, reply: FastifyReply): void
}

export function guardRoutes(app: FastifyInstance, guards: Guards): RouteTable {
  const entries: RouteEntry[] = []
  const undeclared: string[] = []
  const ours = new WeakSet<object>()
  const made = new Map<string, onRequestHookHandler | AsyncHook>()

  /** Devices get one synchronous hook; the rest may take their time. */
  function guardOf(access: RouteAccess, ownThrottle: boolean, weight: Weight): onRequestHookHandler | AsyncHook {
    if ('device' in access) return guards.throttleDevice
    if ('public' in access) {
      return async function publicRoute(request: FastifyRequest, reply: FastifyReply): Promise<void> {
        guards.headers(request, reply)
        guards.admitted(weight, reply)
        if (!ownThrottle) await guards.throttlePublic(request, reply)
      }
    }
    return async function principalRoute(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      guards.headers(request, reply)
      guards.admitted(weight, reply)
      await guards.principal(request, reply)
      await guards.throttlePrincipal(request)
      if ('permission' in access) admit(request, access.permission)
    }
  }

  const deviceAnswered: onResponseHookHandler = (request, reply, done) => {
    guards.deviceAnswered(request, reply)
    done()
  }

  app.addHook('onRoute', (route: RouteOptions) => {
    const access = route.config?.access
    const methods = [route.method].flat()
    if (!access) {
      undeclared.push(`${methods.join(',')} ${route.url}`)
      return
    }
    for (const method of methods) entries.push({ method, path: route.url, access })
    const present = [route.onRequest ?? []].flat()
    // HEAD is made from GET, with its hooks already in place.
    if (present.some((h) => ours.has(h))) return
    const ownThrottle = route.config?.ownThrottle === true
    const weight = weightOf(methods[0] ?? 'GET', route.url, access)
    const key = JSON.stringify([access, ownThrottle, weight])
    const guard = made.get(key) ?? guardOf(access, ownThrottle, weight)
    made.set(key, guard)
    ours.add(guard)
    route.onRequest = [guard as onRequestHookHandler, ...present]
    if ('device' in access) route.onResponse = [deviceAnswered, ...[route.onResponse ?? []].flat()]
  })

  return {
    routes: () => entries,
    methodsAt: (url) => {
      const path = url.split('?', 1)[0]!
      return [...new Set(entries.filter((e) => matches(e.path, path)).map((e) => e.method))].sort()
    },
    check: () => {
      if (undeclared.length > 0) throw new Error(`routes without config.access: ${undeclared.join('; ')}`)
    },
  }
}

function admit(request: FastifyRequest, permission: string): void {
  const p = request.principal
  if (!p) throw new Problem('unauthenticated')
  if (!may(p, permission)) throw new Problem('forbidden', { permission })
  request.principal = narrowed(p, permission)
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const given = path.split('/')
  for (const [i, w] of wanted.entries()) {
    if (w === '*') return true
    const g = given[i]
    if (g === undefined || (w.startsWith(':') ? g === '' : w !== g)) return false
  }
  return wanted.length === given.length
}
