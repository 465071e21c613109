/** console: every read that a page of the console makes, over 20,000 devices with all that belongs to them; each view's slowest read of twenty. */
import { type Muster, putOffice, settleOffice } from '../bed/index.ts'
import { cpuOf } from '../machine.ts'
import { randomOf } from '../random.ts'
import { type Result, round, say } from '../report.ts'
import { bedOf, profiling, type Size } from './benchmark.ts'

/** Milliseconds within which a view's data should be there, 95 times of 100. */
const promise = 100
interface View {
  name: string
  /** Addresses below /api/v1, or a request; another one at each call. */
  next(): string | { path: string; body: unknown }
  /** Fewest items that the answer must hold. */
  items?: number
}
interface Seen {
  name: string
  p50: number
  p95: number
  /** CPU-milliseconds a request. */
  server: number
  database: number
}
interface Known {
  devices: string[]
  groups: string[]
  policies: string[]
  users: string[]
  activities: string[]
  cursors: string[]
}
type List = { items: { id: string }[]; next?: string }

export async function consoleViews(size: Size): Promise<Result> {
  const devices = size.quick ? 500 : 20_000
  const bed = await bedOf(size, devices)
  try {
    // Without a worker: what recurs by itself is measured elsewhere.
    const muster = await bed.start({ roles: 'api,devices', execArgv: profiling(size) })
    await putOffice(bed.db)
    await publish(muster)
    await settleOffice(bed.db)
    const total = await walk(muster)
    const views = viewsOf(await knownOf(muster), randomOf(size.seed))
    const seen: Seen[] = []
    for (const view of views) seen.push(await measure(muster, bed.databasePid, view, size.quick ? 2 : 20))
    tell(seen)
    const worst = seen.reduce((a, b) => (b.p95 > a.p95 ? b : a))
    await muster.stop()
    return {
      name: 'console',
      value: round(worst.p95),
      unit: 'ms',
      yardstick: promise,
      ratio: round(worst.p95 / promise),
      seed: size.seed,
      devices: total,
      views: seen.length,
      worst: worst.name,
      slow: seen.filter((s) => s.p95 > promise).length,
      worstDatabaseCpuMs: round(Math.max(...seen.map((s) => s.database))),
      medianP95: round(seen.map((s) => s.p95).sort((a, b) => a - b)[Math.floor(seen.length / 2)] ?? Number.NaN),
    }
  } finally {
    await bed.close()
  }
}

/** Policies that meet one another, published as an administrator would. */
async function publish(muster: Muster): Promise<void> {
  const passcode = (minLength: number) => ({ feature: 'passcode', settings: { minLength } })
  const { items: groups } = await muster.api<List>('GET', '/groups?limit=5')
  for (const [name, assignment, minLength] of [
    ['Everybody', {}, 8],
    ['Some groups', { groups: groups.map((g) => g.id) }, 12],
    ['Laptops', { formFactors: ['laptop'] }, 10],
  ] as const) {
    const made = await muster.api<{ id: string }>('POST', '/policies', {
      name,
      platform: 'linux',
      priority: 1,
      assignment,
      features: [passcode(minLength)],
    })
    await muster.api('POST', `/policies/${made.id}/publish`)
  }
}

/** The list from its first page to its last; each device must stand in it once. */
async function walk(muster: Muster): Promise<number> {
  const seen = new Set<string>()
  let rows = 0
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page: List = await muster.api('GET', `/devices?limit=200${next && `&cursor=${next}`}`)
    for (const d of page.items) seen.add(d.id)
    rows += page.items.length
    next = page.next
  }
  if (rows !== seen.size) throw new Error(`${rows} rows for ${seen.size} devices`)
  return rows
}

async function knownOf(muster: Muster): Promise<Known> {
  const ids = async (path: string) => (await muster.api<List>('GET', path)).items.map((i) => i.id)
  const cursors: string[] = []
  const devices: string[] = []
  for (let next: string | undefined = ''; next !== undefined && cursors.length < 40; ) {
    const page: List = await muster.api('GET', `/devices?limit=200${next && `&cursor=${next}`}`)
    devices.push(...page.items.map((d) => d.id))
    if (page.next) cursors.push(page.next)
    next = page.next
  }
  return {
    devices,
    cursors,
    groups: await ids('/groups?limit=200'),
    policies: await ids('/policies?limit=200'),
    users: await ids('/users?limit=200'),
    activities: await ids('/activities?limit=200'),
  }
}

function viewsOf(known: Known, random: () => number): View[] {
  const any = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? ''
  const device = (rest = '') => ({ next: () => `/devices/${any(known.devices)}${rest}` })
  const list = (query: string, items = 0): View => ({
    name: `devices ${query || 'first page'}`,
    next: () => `/devices?limit=50${query && `&${query}`}`,
    items,
  })
  return [
    { name: 'home: counts', next: () => '/metrics-summary' },
    { name: 'home: alerts', next: () => '/alerts?limit=50&open=true', items: 1 },
    { name: 'shell: about', next: () => '/about' },
    { name: 'shell: catalog', next: () => '/catalog' },
    list('', 50),
    { name: 'devices any page', next: () => `/devices?limit=50&cursor=${any(known.cursors)}`, items: 1 },
    {
      name: 'devices in sight',
      next: () => `/devices?limit=50&ids=${Array.from({ length: 50 }, () => any(known.devices)).join()}`,
      items: 1,
    },
    ...['platform=linux', 'liveness=reachable', 'compliance=compliant', 'formFactor=server', 'lifecycle=active'].map(
      (q) => list(q, 20),
    ),
    ...['liveness=inactive', 'liveness=unreachable', 'compliance=violated', 'compliance=unknown'].map((q) =>
      list(q, 1),
    ),
    ...['compliance=none', 'ownership=byod', 'lifecycle=removed', 'q=nothing-is-called-this'].map((q) => list(q)),
    ...['q=ws-', 'q=SN000000', 'q=person-1'].map((q) => list(q, 1)),
    { name: 'devices of a group', next: () => `/devices?limit=50&group=${any(known.groups)}`, items: 1 },
    { name: 'devices of an owner', next: () => `/devices?limit=50&owner=${any(known.users)}` },
    {
      name: 'devices, all filters',
      next: () =>
        `/devices?limit=50&platform=linux&liveness=reachable&compliance=compliant&q=ws-&group=${any(known.groups)}`,
    },
    { name: 'saved queries', next: () => '/queries?limit=200' },
    { name: 'device', ...device() },
    { name: 'device: contact', next: () => `/devices?ids=${any(known.devices)}`, items: 1 },
    { name: 'device: operations', ...device('/operations?limit=25'), items: 1 },
    { name: 'device: settings', ...device('/effective-policy') },
    { name: 'device: compliance', ...device('/compliance') },
    { name: 'device: history', ...device('/events?limit=50'), items: 1 },
    { name: 'device: messages', ...device('/messages?limit=20'), items: 1 },
    { name: 'activities', next: () => '/activities?limit=50', items: 50 },
    { name: 'activity', next: () => `/activities/${any(known.activities)}` },
    { name: 'activity: devices', next: () => `/activities/${any(known.activities)}/devices?limit=50` },
    { name: 'activity: failed', next: () => `/activities/${any(known.activities)}/devices?limit=50&state=failed` },
    { name: 'groups', next: () => '/groups?limit=50', items: 50 },
    { name: 'groups for menus', next: () => '/groups?limit=200', items: 60 },
    { name: 'group', next: () => `/groups/${any(known.groups)}` },
    { name: 'group: devices', next: () => `/groups/${any(known.groups)}/devices?limit=50`, items: 1 },
    {
      name: 'group: preview',
      next: () => ({ path: '/groups/preview', body: { query: { field: 'os.version', op: 'ge', value: '12' } } }),
    },
    { name: 'policies', next: () => '/policies?limit=200', items: 3 },
    { name: 'policy', next: () => `/policies/${any(known.policies)}` },
    { name: 'policy: versions', next: () => `/policies/${any(known.policies)}/versions`, items: 1 },
    { name: 'users', next: () => '/users?limit=50', items: 10 },
    { name: 'users found', next: () => '/users?limit=20&q=person-19' },
    { name: 'user', next: () => `/users/${any(known.users)}` },
    { name: 'roles', next: () => '/roles' },
    { name: 'permissions', next: () => '/permissions' },
    { name: 'clients', next: () => '/clients?limit=50' },
    { name: 'invitations', next: () => '/invitations?limit=50', items: 50 },
    { name: 'invitations open', next: () => '/invitations?limit=50&state=open' },
    { name: 'licences', next: () => '/licences?limit=50' },
    { name: 'configuration', next: () => '/configuration' },
    { name: 'certificates', next: () => '/certificates?limit=50', items: 1 },
    { name: 'certificates of a device', next: () => `/certificates?limit=50&device=${any(known.devices)}` },
    { name: 'alerts', next: () => '/alerts?limit=50', items: 1 },
    { name: 'alerts critical', next: () => '/alerts?limit=50&severity=critical' },
    { name: 'webhooks', next: () => '/webhooks' },
    { name: 'audit', next: () => '/audit?limit=50', items: 50 },
    { name: 'audit of an actor', next: () => '/audit?limit=50&actor=user:person-3', items: 1 },
    { name: 'audit of an act', next: () => '/audit?limit=50&act=policy.published', items: 1 },
    { name: 'audit of a subject', next: () => '/audit?limit=50&subject=device:17', items: 1 },
    { name: 'recovery', next: () => '/recovery' },
  ]
}

async function measure(muster: Muster, databasePid: number, view: View, times: number): Promise<Seen> {
  const taken: number[] = []
  // The first reads the plan and the pages.
  await read(muster, view)
  const before = { server: cpuOf(muster.pid), database: cpuOf(databasePid) }
  for (let n = 0; n < times; n += 1) {
    const began = performance.now()
    await read(muster, view)
    taken.push(performance.now() - began)
  }
  taken.sort((a, b) => a - b)
  const of = (share: number) => taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? Number.NaN
  return {
    name: view.name,
    p50: of(0.5),
    p95: of(0.95),
    server: ((cpuOf(muster.pid) - before.server) * 1000) / times,
    database: ((cpuOf(databasePid) - before.database) * 1000) / times,
  }
}

async function read(muster: Muster, view: View): Promise<void> {
  const next = view.next()
  const answer = await (typeof next === 'string'
    ? muster.api<Partial<List>>('GET', next)
    : muster.api<Partial<List>>('POST', next.path, next.body))
  const found = answer.items?.length ?? 0
  if (found < (view.items ?? 0)) throw new Error(`${view.name}: ${found} items, not ${view.items}`)
}

function tell(seen: readonly Seen[]): void {
  say('view'.padEnd(38) + ['p50 ms', 'p95 ms', 'server', 'database'].map((c) => c.padStart(10)).join(''))
  for (const s of seen.toSorted((a, b) => b.p95 - a.p95))
    say(
      s.name.padEnd(38) +
        [s.p50, s.p95, s.server, s.database].map((n) => String(round(n, 3)).padStart(10)).join('') +
        (s.p95 > promise ? '  slow' : ''),
    )
  say('server, database: CPU-milliseconds a request (to 10 ms over all of them)')
}
