/** /metrics in Prometheus' format: the process, requests by route, the database, queues. No names and no data of anybody. */
import type { Server } from 'node:http'
import type { Core } from '@muster/core'
import type { PushRoom } from '@muster/push'
import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { nodeHttp } from '../node-http.ts'
import type { Processes } from '../processes/index.ts'
import { createRequestTimes } from './request-times.ts'

export interface Metrics {
  /** Measures every answer of `app`. */
  measure(app: FastifyInstance): void
  /** For one route whose answers do not come from `app`: called with status and seconds. */
  meter(method: string, route: string): (status: number, seconds: number) => void
  /** Serves /metrics on `app`. */
  route(app: FastifyInstance): void
  /** Serves /metrics on an address of its own, `host:port`. */
  listen(address: string): Promise<Server>
}

/** `processes`: of a server of several, whoever is asked tells of all. */
export function createMetrics(
  core: Core,
  o: { push: Pick<PushRoom, 'counts'>; processes: Pick<Processes, 'metrics'> },
): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'muster_' })
  const requests = createRequestTimes()
  gauges(core, registry)
  pushes(o.push, registry)
  const text = o.processes.metrics(async () => `${await registry.metrics()}\n${requests.text()}`)

  return {
    measure: (app) => {
      const routes = new Map<string, (status: number, seconds: number) => void>()
      app.addHook('onResponse', (request, reply, done) => {
        const route = request.routeOptions.url ?? 'none'
        const key = `${request.method} ${route}`
        const measure = routes.get(key) ?? requests.of(request.method, route)
        routes.set(key, measure)
        measure(reply.statusCode, reply.elapsedTime / 1000)
        done()
      })
    },
    meter: requests.of,
    route: (app) => {
      app.get(
        '/metrics',
        {
          config: { access: { public: 'counts only; MUSTER_METRICS_ADDRESS moves it to an address of its own' } },
          schema: { hide: true },
        },
        async (_request, reply) => reply.type(registry.contentType).send(await text()),
      )
    },
    listen: async (address) => {
      const colon = address.lastIndexOf(':')
      const port = Number(address.slice(colon + 1))
      if (colon < 0 || !Number.isInteger(port)) throw new Error(`MUSTER_METRICS_ADDRESS is host:port: ${address}`)
      const server = nodeHttp.createServer((request, response) => {
        if (request.url !== '/metrics') return void response.writeHead(404).end()
        text().then(
          (body) => response.writeHead(200, { 'content-type': registry.contentType }).end(body),
          () => response.writeHead(500).end(),
        )
      })
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, address.slice(0, colon).replace(/^\[|\]$/g, '') || '127.0.0.1', resolve)
      })
      return server
    },
  }
}

function gauges(core: Core, registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  gauge('muster_database_statements', 'SQL statements issued since the start', () => core.db.statements)
  gauge('muster_database_listening', '1 while the connection that hears other nodes stands', () =>
    core.db.listening() ? 1 : 0,
  )
  gauge('muster_database_waiting', 'Work that waits for a database connection', () => core.db.waiting())
  gauge('muster_turns_queued', 'Exchanges with devices that wait for a batch', () => core.operations.queued())
  gauge(
    'muster_events_age_seconds',
    'Seconds since all committed events had been read',
    () => Math.min(core.events.freshness(), 86_400_000) / 1000,
  )
}

/** Counted by the pusher itself; read when somebody looks. */
function pushes(push: Pick<PushRoom, 'counts'>, registry: Registry): void {
  new Counter({
    name: 'muster_push_total',
    help: 'Wakes by what became of them',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset()
      const { sent, dead, refused, retried, dropped } = push.counts()
      for (const [outcome, n] of Object.entries({ sent, dead, refused, retried, dropped })) this.inc({ outcome }, n)
    },
  })
  new Gauge({
    name: 'muster_push_state',
    help: 'Wakes that wait, connections to push services, and wakes a second that may leave',
    labelNames: ['what'],
    registers: [registry],
    collect() {
      const { waiting, connections, rate } = push.counts()
      for (const [what, n] of Object.entries({ waiting, connections, rate })) this.set({ what }, n)
    },
  })
}
