/** The platforms that are installed: opened with a host of their own, their routes, invitations, jobs and deliveries put to work. */
import { type OpenPlatform, type Ownership, Problem, type Route } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Audit } from '../audit/index.ts'
import type { Certificates } from '../certificates/index.ts'
import type { Clock } from '../clock/index.ts'
import { type Db, jsonText, type Log } from '../db/index.ts'
import type { Devices } from '../devices/index.ts'
import type { Enrollment } from '../enrollment/index.ts'
import type { Events } from '../events/index.ts'
import type { Job } from '../jobs/index.ts'
import type { Operations } from '../operations/index.ts'
import type { Policies } from '../policies/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Secrets } from '../secrets/index.ts'
import type { Signing } from '../signing/index.ts'
import { type Catalog, createCatalog } from './catalog.ts'
import { createDeliverer } from './deliver.ts'
import { createHost } from './host.ts'
import { createWaker, type Pusher } from './wake.ts'

export interface PlatformsDeps {
  db: Db
  log: Log
  events: Events
  audit: Audit
  secrets: Secrets
  signing: Signing
  registry: Registry
  devices: Devices
  enrollment: Enrollment
  operations: Operations
  policies: Policies
  certificates: Pick<Certificates, 'issue' | 'revoke'>
  /** Seconds to the next poll, with jitter. */
  pace(platform: string): number
  organisation(): string
  pusher?: Pusher
}
export interface InvitationPage {
  steps: Awaited<ReturnType<OpenPlatform['invite']>>['steps']
  files: { name: string; type: string; bytes: Uint8Array }[]
}
export interface Platforms {
  readonly catalog: Catalog
  /** Makes the installed platforms known and opens them. Removed ones stay readable. */
  open(): Promise<void>
  routes(): { platform: string; route: Route }[]
  /** What to do to enrol with this code. `url`: the enrolment page; `server`: the address agents are given. */
  invite(platform: string, i: { code: string; url: string; server: string; ownership: Ownership; user?: string }): Promise<InvitationPage>
  /** Recurring work of plugins, and deliveries to platforms that we call. */
  jobs(): Job[]
  /** Wakes devices as work arrives (worker nodes). */
  wake(): { stop(): Promise<void> }
  close(): Promise<void>
}

/** Seconds between looks for deliveries that the event bus did not tell of. */
const deliverEveryS = 1

export function createPlatforms(o: PlatformsDeps & { clock: Clock }): Platforms {
  const opened = new Map<string, OpenPlatform>()
  const catalog = createCatalog(o.registry)

  async function open(): Promise<void> {
    await record()
    for (const [id, installed] of o.registry.platforms) opened.set(id, await installed.platform.open(createHost(o, installed), installed.settings))
  }
  /** Descriptors are kept with the data, so that a device of a platform that was removed can still be read. */
  async function record(): Promise<void> {
    const ids = [...o.registry.platforms.keys()]
    await o.db.tx(async (tx) => {
      for (const p of catalog.platforms) {
        const words = jsonText({ ...p, operations: catalog.operations.filter((x) => x.platforms.includes(p.id)), features: catalog.features.filter((x) => x.platforms.includes(p.id)) })
        await tx.query(sql`insert into platform (id, title, installed, descriptors) values (${p.id}, ${p.title}, true, ${words}::jsonb)
          on conflict (id) do update set title = excluded.title, installed = true, descriptors = excluded.descriptors, seen = now()
          where platform.title <> excluded.title or not platform.installed or platform.descriptors <> excluded.descriptors`)
      }
      await tx.query(sql`update platform set installed = false where installed and id <> all(${ids}::text[])`)
    })
  }
  function of(platform: string): OpenPlatform {
    const found = opened.get(platform)
    if (!found) throw new Problem('unknown-platform', { platform })
    return found
  }
  return {
    catalog,
    open,
    routes: () => [...opened].flatMap(([platform, p]) => p.routes.map((route) => ({ platform, route }))),
    invite: async (platform, i) => {
      const { steps, files } = await of(platform).invite(i)
      return { steps, files: files ?? [] }
    },
    jobs: () =>
      [...opened].flatMap(([id, p]): Job[] => {
        const own = (p.jobs ?? []).map((j) => ({ ...j, name: `${id}.${j.name}` }))
        if (!p.deliver) return own
        const deliverer = createDeliverer({ ...o, platform: id, open: p, settingsWaiting: () => o.policies.waitingChannels() })
        return [...own, { name: `${id}.deliver`, everyS: deliverEveryS, run: deliverer.round }]
      }),
    wake: () => createWaker({ ...o, pusher: o.pusher ?? { push: () => {} }, opened }).start(),
    close: async () => {
      for (const p of opened.values()) await p.close()
      opened.clear()
    },
  }
}
