/** /healthz: the process lives. /readyz: it can serve, or says what it lacks. */
import type { Core } from '@muster/core'
import type { FastifyInstance } from 'fastify'
import { version } from '../version.ts'

/** A database that does not answer within this is not ready. */
const patienceMs = 3_000

export function healthRoutes(
  app: FastifyInstance,
  core: Core,
  o: { roles: readonly string[]; stopping: AbortSignal },
): void {
  const access = { public: 'load balancers and process managers ask without credentials; the answers hold no data' }
  app.get('/healthz', { config: { access, ownThrottle: true }, schema: { hide: true } }, async () => ({
    status: 'ok',
    version,
  }))
  app.get('/readyz', { config: { access, ownThrottle: true }, schema: { hide: true } }, async (_request, reply) => {
    const checks = { database: await answers(core), listener: core.db.listening(), stopping: o.stopping.aborted }
    const ready = checks.database && checks.listener && !checks.stopping
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not-ready', roles: o.roles, checks })
  })
}

async function answers(core: Core): Promise<boolean> {
  const timeout = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => timeout.resolve(false), patienceMs)
  try {
    return await Promise.race([
      core.db.ping().then(
        () => true,
        () => false,
      ),
      timeout.promise,
    ])
  } finally {
    clearTimeout(timer)
  }
}
