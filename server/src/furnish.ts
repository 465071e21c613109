/** What stands behind the entrance: the gateway, the API with its description, pages, packages, health. Loaded once devices are answered. */
import { operationPermission } from '@muster/contract'
import type { Core, Log } from '@muster/core'
import type { PushRoom } from '@muster/push'
import { registerApi } from './api/index.ts'
import { registerDeviceRoutes } from './devices/index.ts'
import { createDownloads } from './downloads/index.ts'
import { ensureAdministrator } from './first-start.ts'
import { type Entrance, type Gateway, openGateway } from './gateway/index.ts'
import type { MakeMeter } from './meter.ts'
import type { Role, ServerOptions } from './options.ts'
import { registerPortal } from './portal/index.ts'
import type { Processes } from './processes/index.ts'
import { createMetrics, failAroundAnswers, healthRoutes, pkiRoutes } from './service/index.ts'

export interface Furnished {
  gateway: Gateway
  /** Only when it was generated now. */
  adminPassword?: string
}

/** Everything has its place and is checked when this resolves; `gateway.start()` then lets people in. `closing` is told what is to be closed. */
export async function furnish(
  o: ServerOptions,
  w: {
    core: Core
    log: Log
    entrance: Entrance
    ports: { http?: number; https?: number }
    publicUrl: string
    agentAddress: string
    roles: readonly Role[]
    push: Pick<PushRoom, 'counts'>
    processes: Pick<Processes, 'metrics'>
    /** Is told what measures the answers that devices were given meanwhile. */
    measured(meter: MakeMeter): void
    closing(step: () => Promise<unknown> | unknown): void
  },
): Promise<Furnished> {
  const { core, log, entrance, publicUrl, agentAddress, roles } = w
  const gateway = await openGateway({
    access: core.access,
    log,
    publicUrl,
    entrance,
    ports: w.ports,
    limits: o.limits,
    trustedProxies: o.trustedProxies,
    clientCertificateHeader: o.clientCertificateHeader,
    bootstrapClient: o.bootstrapClient,
    registration: {
      claim: async (c) => {
        const channel = core.registry.platforms.get(c.platform)?.platform.agents
        return { channel: (await core.enrollment.begin({ ...c, channel })).channel.no }
      },
    },
    permissions: [...core.registry.operations.keys()].map(operationPermission),
  })
  const { app, stopping } = gateway
  const metrics = createMetrics(core, { push: w.push, processes: w.processes })
  w.measured(metrics.meter)
  metrics.measure(app)
  failAroundAnswers(app)
  healthRoutes(app, core, { roles, stopping })
  pkiRoutes(app, core)
  if (o.metricsAddress === undefined) metrics.route(app)
  else if ((o.processes?.no ?? 1) === 1) {
    const own = await metrics.listen(o.metricsAddress)
    w.closing(() => own.close())
  }
  const { look } = core.enrollment
  const downloads = createDownloads({ folder: o.agentPackages, publicUrl, agentAddress, look, log })
  downloads.routes(app)
  if (roles.includes('api')) {
    await registerApi(app, core, { publicUrl, agentAddress, agentOffer: downloads.offer, stopping })
    if (o.portal !== false) await registerPortal(app, { log, publicUrl })
  }
  if (roles.includes('devices')) {
    const { certificateOf, personOf } = gateway
    const taken = () => gateway.routeTable().map((r) => r.path)
    await registerDeviceRoutes(app, { routes: core.platforms.routes(), certificateOf, personOf, taken, stopping })
  }
  // The roles must be there before anybody is given one.
  await app.ready()
  return { gateway, adminPassword: await ensureAdministrator(core, o.adminPassword) }
}
