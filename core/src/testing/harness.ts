/** The contract's harness with the real core behind it: a database of its own, the given platforms, and the hands of an administrator and of time. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Channel, Json, JsonObject, OpenPlatform, Platform, PlatformHost } from '@muster/contract'
import type { Bench, EnrolOptions, Harness, KeptOperation } from '@muster/contract/testing'
import sql, { raw } from 'sql-template-tag'
import { system } from '../access/index.ts'
import type { Core, CoreOptions } from '../core.ts'
import type { Log } from '../db/index.ts'
import { type CountingDb, countingDb } from './counting.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { silentLog } from './log.ts'

export interface CoreBench extends Bench {
  readonly core: Core
  readonly db: CountingDb
  readonly platforms: ReadonlyMap<string, OpenPlatform>
  /** Everything told so far has reached this node's indexes and caches. */
  heard(): Promise<void>
  /** Evaluates policies for all devices of a platform, as a worker does. */
  evaluate(platform: string): Promise<void>
  /** Runs one job of a platform, or its deliveries, once. */
  job(name: string): Promise<void>
}
export interface CoreHarness extends Harness {
  open(platforms: readonly Platform[], settings?: Readonly<Record<string, Json>>, o?: OpenOptions): Promise<CoreBench>
}
export interface OpenOptions extends Partial<Pick<CoreOptions, 'pusher' | 'clock'>> {
  log?: Log
  owned?: true
  /** With the recurring work; without it unless told. */
  worker?: boolean
  /** An existing database with its keys; both stay at the end. */
  installed?: { database: TestDatabase; keysDir: string }
}

/** `owned`: every device is somebody's and has a name, so that settings which name both (`user.email`, `device.name`) can be filled in. */
export function createHarness({ owned }: { owned?: true } = {}): CoreHarness {
  return { open: (platforms, settings, o) => openBench(platforms, settings, { ...o, owned }) }
}

async function openBench(
  platforms: readonly Platform[],
  settings: Readonly<Record<string, Json>> = {},
  o: OpenOptions = {},
): Promise<CoreBench> {
  const database = o.installed?.database ?? (await testDatabase())
  const keysDir = o.installed?.keysDir ?? (await mkdtemp(join(tmpdir(), 'muster-keys-')))
  const db = countingDb(database.db)
  const hosts = new Map<string, PlatformHost>()
  const opened = new Map<string, OpenPlatform>()
  // Loaded late, so that tests of the lower rooms, which share this door, do not load all of the core.
  const { createCore } = await import('../core.ts')
  const core = await createCore({
    db,
    keysDir,
    log: o.log ?? silentLog,
    platformSettings: settings,
    platforms: platforms.map((p) => watched(p, hosts, opened)),
    pusher: o.pusher,
    clock: o.clock,
  })
  await core.start({ worker: o.worker ?? false })
  const heard = await sentinel(core)
  const evaluate = async (platform: string) => {
    await db.tx((tx) => core.policies.evaluateScope(tx, { platform }))
    await heard()
  }
  return {
    core,
    db,
    platforms: opened,
    heard,
    evaluate,
    host: (platform) => need(hosts.get(platform), platform),
    ...admin(
      core,
      db,
      heard,
      evaluate,
      (platform) => need(hosts.get(platform), platform),
      o.owned ? await addOwner(core, db) : undefined,
    ),
    ...looks(core, db),
    call: async (platform, method, path, call = {}) => {
      const route = need(opened.get(platform), platform).routes.find((r) => r.method === method && r.path === path)
      const body = new TextEncoder().encode(call.body === undefined ? '' : JSON.stringify(call.body))
      const reply = await need(route, path).handle({
        method,
        path,
        query: '',
        headers: call.headers ?? {},
        body,
        remote: '192.0.2.1',
        signal: AbortSignal.timeout(10_000),
      })
      const text = typeof reply.body === 'string' ? reply.body : new TextDecoder().decode(reply.body)
      return { status: reply.status, body: text === '' ? null : (JSON.parse(text) as Json) }
    },
    tick: async () => {
      await core.operations.tick()
      await heard()
    },
    job: async (name) => {
      const job = core.platforms.jobs().find((j) => j.name === name)
      await need(job, name).run(AbortSignal.timeout(10_000))
      await heard()
    },
    close: async () => {
      heard.stop()
      await core.stop()
      await core.secrets.close()
      await core.events.close()
      if (o.installed) return
      await rm(keysDir, { recursive: true })
      await database.close()
    },
  }
}

/** The platform as it is, with what it is given and what it opens noted. */
function watched(platform: Platform, hosts: Map<string, PlatformHost>, opened: Map<string, OpenPlatform>): Platform {
  return {
    ...platform,
    open: async (host, settings) => {
      hosts.set(platform.id, host)
      const open = await platform.open(host, settings)
      opened.set(platform.id, open)
      return open
    },
  }
}

async function addOwner(core: Core, db: CountingDb): Promise<number | undefined> {
  await core.access.users.create({ name: 'ada', displayName: 'Ada', email: 'ada@example.org' }, system)
  const [row] = await db.query<{ no: number }>(sql`select no from app_user where name = 'ada'`)
  return row?.no
}

function admin(
  core: Core,
  db: CountingDb,
  heard: () => Promise<void>,
  evaluate: (platform: string) => Promise<void>,
  host: (platform: string) => PlatformHost,
  user?: number,
) {
  const policies = new Map<string, number>()
  const code: Bench['code'] = async (platform, ownership = 'cope') =>
    (await core.enrollment.invite({ platform, ownership, user, actor: 'system' })).code
  async function enrol(platform: string, o: EnrolOptions = {}): Promise<Channel> {
    const facts = { ...(user !== undefined && { 'device.name': 'Ada’s device' }), ...o.facts }
    const c = await host(platform).begin(await code(platform, o.ownership), facts, o.channel)
    await host(platform).activate(c, {})
    await evaluate(platform)
    const now = await core.devices.identity.channel(c.no)
    return need(now, `channel ${c.no}`)
  }
  return {
    code,
    enrol,
    send: async (operation: string, params: Json, to: readonly Channel[], o: { urgent?: boolean } = {}) => {
      const { id } = await core.operations.send({
        operation,
        params,
        target: { devices: [...new Set(to.map((c) => c.device))] },
        principal: system,
        urgent: o.urgent,
      })
      await heard()
      return id
    },
    cancel: async (activity: string) => {
      await core.operations.cancel(Number(activity), system)
      await heard()
    },
    publish: async (platform: string, features: Readonly<Record<string, JsonObject>>) => {
      const draft = {
        name: `all of ${platform}`,
        features: Object.entries(features).map(([feature, settings]) => ({ feature, settings })),
      }
      const known = policies.get(platform)
      if (known === undefined) {
        const made = await core.policies.create({ ...draft, platform }, 'system')
        policies.set(platform, Number(made.id))
      } else await core.policies.saveDraft(known, (await core.policies.get(known)).revision, draft, 'system')
      await core.policies.publish(policies.get(platform) as number, 'system')
      await heard()
    },
    block: async (c: Channel, on: boolean) => {
      await core.enrollment.block({ device: c.device, on, actor: 'system' })
      await heard()
    },
    lapse: async (c: Channel, what: 'due' | 'lease' | 'deadline') => {
      const column = raw(what)
      await db.query(
        sql`update pending set ${column} = now() - interval '1 millisecond' where channel = ${c.no} and ${column} is not null`,
      )
      if (what === 'lease') await db.query(sql`update handed set until = now() - interval '1 millisecond'`)
      if (what === 'deadline') return
      await db.query(
        sql`update feature_state set ${column} = now() - interval '1 millisecond' where channel = ${c.no} and ${column} is not null`,
      )
      await db.query(
        sql`update channel_set set due = now() - interval '1 millisecond' where channel = ${c.no} and due is not null`,
      )
    },
  }
}

function looks(core: Core, db: CountingDb) {
  const operation: Bench['operation'] = async (activity, c) => {
    const rows = await db.query<KeptOperation>(sql`
      select state, reason, null::jsonb as result, attempts, cancelling from pending where channel = ${c.no} and activity = ${Number(activity)}
      union all select state, reason, result, attempts, false from history where channel = ${c.no} and activity = ${Number(activity)}`)
    if (rows.length > 1) throw new Error(`operation ${activity} stands ${rows.length} times`)
    return rows[0]
  }
  return {
    operation,
    settings: async (c: Channel) => {
      const { features } = await core.policies.effective(await core.devices.no(c.device))
      return Object.fromEntries(features.map((f) => [f.feature, { state: f.state, reason: f.reason }]))
    },
    kept: async (c: Channel) => {
      const own = sql`select no from channel where device = (select id_of.no from device id_of where id_of.id = ${c.device}::uuid)`
      const [row] = await db.query<{ kept: Json }>(sql`select jsonb_build_object(
        'pending', (select coalesce(jsonb_agg(to_jsonb(p) order by p.channel, p.activity), '[]') from pending p where p.channel in (${own})),
        'history', (select coalesce(jsonb_agg(to_jsonb(h) order by h.channel, h.activity), '[]') from history h where h.channel in (${own})),
        'settings', (select coalesce(jsonb_agg(to_jsonb(f) order by f.channel, f.feature), '[]') from feature_state f where f.channel in (${own})),
        'sets', (select coalesce(jsonb_agg(to_jsonb(s) order by s.channel), '[]') from channel_set s where s.channel in (${own})),
        'device', (select to_jsonb(d) from device d where d.id = ${c.device}::uuid)) as kept`)
      return row?.kept ?? null
    },
    unmatched: async (c: Channel) =>
      (await db.query<{ why: string }>(sql`select why from unmatched where channel = ${c.no} order by no`)).map(
        (r) => r.why,
      ),
  }
}

/** Waits by sending a word through the outbox itself: when it comes, all that was said before it has come. */
async function sentinel(core: Core): Promise<(() => Promise<void>) & { stop(): void }> {
  const waiting = new Map<number, () => void>()
  let numbered = 0
  const follower = core.events.follow({}, (batch) => {
    for (const e of batch) if (e.type === 'invitation.changed') waiting.get(e.data.invitation)?.()
  })
  await follower.ready
  const heard = async () => {
    numbered -= 1
    const mine = numbered
    const come = new Promise<void>((resolve) => waiting.set(mine, resolve))
    await core.db.tx((tx) => core.events.emit(tx, 'invitation.changed', { invitation: mine, state: 'sentinel' }))
    await come
    waiting.delete(mine)
    // The other followers of the same batch run before the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return Object.assign(heard, { stop: () => void follower.stop() })
}

function need<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the bench has no ${name}`)
  return value
}
