/** The platforms that are installed: opened with a host of their own, their routes, invitations, jobs and deliveries put to work. */
import { type Language, type OpenPlatform, Problem, type Route } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Clock } from '../clock/index.ts'
import { jsonText } from '../db/index.ts'
import type { Job } from '../jobs/index.ts'
import { type Catalog, createCatalog, wordsOf } from './catalog.ts'
import { createDeliverer } from './deliver.ts'
import type { PlatformsDeps } from './deps.ts'
import { createHost } from './host.ts'
import { createSetup, type Setup } from './setup.ts'
import { againEveryS, createWaker } from './wake.ts'

export interface InvitationPage {
  steps: Awaited<ReturnType<OpenPlatform['invite']>>['steps']
  files: { name: string; type: string; bytes: Uint8Array }[]
}
export interface Platforms {
  /** With every schema, so made when it is first asked for; in English when no language is said. */
  catalog(language?: Language): Catalog
  /** Makes the installed platforms known and opens them. Removed ones stay readable. */
  open(): Promise<void>
  routes(): { platform: string; route: Route }[]
  /** What to do to enrol with this code. `url`: the enrolment page; `server`: the address agents are given; `agent`: where this server has packages; `language`: of the reader, the first that is wished for. */
  invite(platform: string, i: Parameters<OpenPlatform['invite']>[0]): Promise<InvitationPage>
  /** Recurring work of plugins, and deliveries to platforms that we call. */
  jobs(): Job[]
  readonly setup: Setup
  /** Wakes devices as work arrives (worker nodes; one of them at a time). */
  wake(): { stop(): Promise<void> }
  close(): Promise<void>
}

/** Seconds between looks for deliveries that the event bus did not tell of. */
const deliverEveryS = 1

export function createPlatforms(o: PlatformsDeps & { clock: Clock }): Platforms {
  const opened = new Map<string, OpenPlatform>()
  const catalogs = new Map<Language, Catalog>()
  const setup = createSetup({ ...o, opened })
  const waker = createWaker({ ...o, pusher: o.pusher ?? { push: () => undefined }, opened })

  async function open(): Promise<void> {
    await record()
    for (const [id, installed] of o.registry.platforms)
      opened.set(id, await installed.platform.open(createHost(o, installed), installed.settings))
  }
  /** What platforms are called and offer is kept with the data, so that a device of one that was removed can still be read. */
  async function record(): Promise<void> {
    const ids = [...o.registry.platforms.keys()]
    await o.db.tx(async (tx) => {
      for (const p of wordsOf(o.registry)) {
        const words = jsonText(p)
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
    catalog: (language = 'en') => {
      const made = catalogs.get(language) ?? createCatalog(o.registry, language)
      catalogs.set(language, made)
      return made
    },
    setup,
    open,
    routes: () => [...opened].flatMap(([platform, p]) => p.routes.map((route) => ({ platform, route }))),
    invite: async (platform, i) => {
      const { steps, files } = await of(platform).invite(i)
      return { steps, files: files ?? [] }
    },
    jobs: () => [
      ...(waker.any() ? [{ name: 'wake', everyS: againEveryS, run: () => waker.again() }] : []),
      ...[...opened].flatMap(([id, p]): Job[] => {
        const own = (p.jobs ?? []).map((j) => ({ ...j, name: `${id}.${j.name}` }))
        if (!p.deliver) return own
        const deliverer = createDeliverer({
          ...o,
          platform: id,
          open: p,
          settingsWaiting: () => o.policies.waitingChannels(),
        })
        return [...own, { name: `${id}.deliver`, everyS: deliverEveryS, run: deliverer.round }]
      }),
    ],
    wake: () => waker.start(),
    close: async () => {
      for (const p of opened.values()) await p.close()
      opened.clear()
    },
  }
}
