/** The composition root: a server put together from top to bottom, and taken down in the reverse order. Devices are answered first, then people. */
import { join } from 'node:path'
import { type Core, createCore, type Log, openDb } from '@muster/core'
import { addShortcuts } from './devices/index.ts'
import { nameOrganisation } from './first-start.ts'
import { createEntrance, type Pressure, type RouteEntry } from './gateway/index.ts'
import { holdPort } from './held-port.ts'
import { createLog } from './log.ts'
import { createEarlyMeter } from './meter.ts'
import { roles as allRoles, type Role, type ServerOptions } from './options.ts'
import { installedPlatforms } from './platforms.ts'
import { createProcesses, mustBeFree } from './processes/index.ts'
import { openPush } from './push.ts'
import { keepTls } from './tls.ts'
import { createPoster } from './webhooks/index.ts'

export interface RunningServer {
  readonly core: Core
  /** Where people and devices reach it. */
  readonly publicUrl: string
  /** The ports it listens on. */
  readonly ports: { http?: number; https?: number }
  /** Only when it was generated now; nobody can read it again. */
  readonly adminPassword?: string
  readonly log: Log
  routeTable(): readonly RouteEntry[]
  /** Stops taking requests, lets what runs end, then closes everything. A second call waits for the first. */
  stop(): Promise<void>
}

/** Milliseconds that running requests have to end when the server stops. */
const graceMs = 10_000
const momentMs = 100
const mostMoments = 10

export async function startServer(o: ServerOptions): Promise<RunningServer> {
  const no = o.processes?.no ?? 1
  const log = o.log ?? createLog(o.logLevel, process.stdout, (o.processes?.count ?? 1) > 1 ? { process: no } : null)
  const roles = o.roles ?? allRoles
  const held = { http: await holdPort(o.httpPort, 8080), https: await holdPort(o.httpsPort, 8443) }
  const ports = { http: held.http.port, https: held.https.port }
  const publicUrl = o.publicUrl?.replace(/\/+$/, '') ?? `http://localhost:${ports.http ?? ports.https}`
  const closing: (() => Promise<unknown> | unknown)[] = []
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  const release = () => Promise.all([held.http.release(), held.https.release()])
  closing.push(release)

  /** The gateway measures how pressed the node is; the core, which comes before it, asks. */
  const pressedBy: { current?: Pressure } = {}
  try {
    const db = await openDb({ url: o.databaseUrl, dataDir: o.dataDir, log })
    closing.push(() => db.close())
    const poster = createPoster(o.webhooks)
    closing.push(() => poster.close())
    const pressed = () => pressedBy.current?.sheds('inventory') ?? false
    const push = openPush({ options: o.push, log, pressed })
    closing.push(() => push.close())
    const core = await createCore({
      db,
      keysDir: join(o.dataDir, 'keys'),
      log,
      platforms: o.platforms ?? installedPlatforms,
      platformSettings: o.platformSettings,
      pusher: o.pusher ?? push,
      poster,
      publicUrl,
      guard: o.guard,
      // Behind a proxy it is the proxy that devices must trust.
      ownTls: publicUrl.startsWith('https:') && !o.tls && !o.trustedProxies?.length,
      pressed,
    })
    closing.push(() => core.events.close())
    await nameOrganisation(core, o.organisation)
    closing.push(() => core.stop())
    await core.start({ worker: roles.includes('worker') })

    const tls = await keepTls(core, { files: o.tls, publicUrl, renew: (files) => entrance.renewTls(files) })
    closing.push(() => tls.stop())
    const processes = createProcesses(o.processes, {
      log,
      environment: (other) => environmentOf(other, { roles, url: o.databaseUrl ?? db.url }),
    })
    await release()
    if (processes.shared && no === 1)
      for (const port of [ports.http, ports.https]) if (port !== undefined) await mustBeFree(port, o.host)
    const entrance = createEntrance({
      log,
      ports,
      shared: processes.shared,
      host: o.host,
      tls: tls.files,
      limits: o.limits,
      trustedProxies: o.trustedProxies,
      clientCertificateHeader: o.clientCertificateHeader,
      maxConnections: o.maxConnections,
      waiting: o.waiting ?? (() => ({ turns: core.operations.queued(), pool: db.waiting() })),
    })
    closing.push(() => entrance.close(graceMs))
    pressedBy.current = entrance.pressure
    const { meter, into } = createEarlyMeter()
    if (roles.includes('devices')) {
      const routes = core.platforms.routes()
      addShortcuts(entrance, { routes, stopping: entrance.stopping, meter })
    }
    await entrance.open()
    await moment()
    for (let n = 1; n < mostMoments && entrance.busy(); n++) await moment()

    // Loaded only now: whoever came back meanwhile was answered.
    const { furnish } = await import('./furnish.ts')
    const { gateway, adminPassword } = await furnish(o, {
      core,
      log,
      entrance,
      ports,
      publicUrl,
      agentAddress: tls.pinned(publicUrl),
      roles,
      push,
      measured: into,
      processes,
      closing: (step) => closing.push(step),
    })
    closing.push(() => gateway.stop(graceMs))
    const opened = await gateway.start()
    closing.push(processes.stop)
    processes.begin()
    log.info(
      { url: publicUrl, http: opened.http, https: opened.https, roles: roles.join(','), database: db.url },
      'Muster is ready',
    )

    let stopped: Promise<void> | undefined
    return {
      core,
      publicUrl,
      ports: opened,
      adminPassword,
      log,
      routeTable: gateway.routeTable,
      stop: () => (stopped ??= close()),
    }
  } catch (e) {
    await close().catch((error: unknown) => log.warn({ err: error }, 'closing after a failed start'))
    throw e
  }
}

/** What another process of this server is started with: it finds the same database, and does nothing that recurs. */
function environmentOf(no: number, o: { roles: readonly Role[]; url: string }): NodeJS.ProcessEnv {
  const others = o.roles.filter((r) => r !== 'worker')
  return { ...process.env, DATABASE_URL: o.url, MUSTER_ROLES: others.join(), MUSTER_PROCESS: String(no) }
}

/** For those who knock as soon as the ports open, a second at most: loading what comes next keeps the event loop busy. */
const moment = () => new Promise<void>((resolve) => setTimeout(resolve, momentMs))
