/** The core put together, read from top to bottom: each room is given exactly what it works with. */
import { join } from 'node:path'
import { type Json, type Platform, type Pusher, textIn } from '@muster/contract'
import sql from 'sql-template-tag'
import { createAccess } from './access/index.ts'
import { createAlerts, createWatch, raise } from './alerts/index.ts'
import { createApprovals, type Guard } from './approvals/index.ts'
import { createAudit, openAuditKey } from './audit/index.ts'
import { createCertificates } from './certificates/index.ts'
import { type Clock, systemClock } from './clock/index.ts'
import { createCompliance } from './compliance/index.ts'
import { createConfiguration } from './configuration/index.ts'
import { coreMigrations, type Db, type Log, migrate } from './db/index.ts'
import { createDevices, writeFacts } from './devices/index.ts'
import { createEnrollment } from './enrollment/index.ts'
import { createEscrowLook, readEscrow } from './escrow/index.ts'
import { createEvents } from './events/index.ts'
import { createGroups } from './groups/index.ts'
import { createJobs, type Job } from './jobs/index.ts'
import { createOperations, type Operations, trimUnmatched } from './operations/index.ts'
import { createPlatforms, moveChannels, pluginMigrations } from './platforms/index.ts'
import { createPolicies, isSettingId, type Policies, type Previews } from './policies/index.ts'
import { createQueries } from './queries/index.ts'
import { createRecovery } from './recovery/index.ts'
import { createRegistry, factsLookedAt } from './registry/index.ts'
import { createDeviceLog, createDeviceReports, createSummary, createVisibleEvents } from './reports/index.ts'
import { dropMonths, makeMonths } from './retention/index.ts'
import { openSecrets } from './secrets/index.ts'
import { createSigning, readLinks } from './signing/index.ts'
import { createWebhooks, type Poster } from './webhooks/index.ts'

export interface CoreOptions {
  db: Db
  /** Where keys live: outside the database, the same on every node. */
  keysDir: string
  log: Log
  platforms: readonly Platform[]
  platformSettings?: Readonly<Record<string, Json>>
  clock?: Clock
  pusher?: Pusher
  /** The way out for webhooks; without it none is sent. */
  poster?: Poster
  /** Where the outside world reaches us; certificates carry the address of the revocation list below it. */
  publicUrl?: string
  /** The TLS certificate of that address is one of our own authority, which devices do not trust by themselves. */
  ownTls?: boolean
  /** Of the guard against destruction, what nobody changes from the console. */
  guard?: Partial<Guard>
  /** True while devices' inventory is to wait, so that what they acknowledge need not. */
  pressed?(): boolean
}
/** On every node; more open rows than this and everyone asks the database once. */
const sweepEveryMs = 60_000
const seenAtOnce = 50_000

/** Why an enrolment ends with this operation, whether or not a farewell follows; undefined: it goes on. */
function endOf(operation: string, effect: 'wipe' | 'corporate-wipe' | undefined): string | undefined {
  if (operation === 'device.disenrol') return 'disenrolled'
  return effect === undefined ? undefined : { wipe: 'wiped', 'corporate-wipe': 'wiped-corporate' }[effect]
}

/** A core of tests and tools calls nobody. */
const noPoster: Poster = {
  refusal: () => 'this server sends no webhooks',
  post: async () => Promise.reject(new Error('this server sends no webhooks')),
}

export type Core = Awaited<ReturnType<typeof createCore>>

/** Migrates the database, opens keys and makes every room. Nothing runs by itself until `start`. */
export async function createCore(o: CoreOptions) {
  const { db, log } = o
  const clock = o.clock ?? systemClock
  const registry = createRegistry(o.platforms, o.platformSettings)
  await migrate(db, [coreMigrations(), ...pluginMigrations(registry)])
  await makeMonths(db)

  const secrets = await openSecrets({ db, keyFile: join(o.keysDir, 'master.key') })
  const events = createEvents({ db, log })
  const audit = createAudit({ db, log, signingKey: await openAuditKey(join(o.keysDir, 'audit.pem'), db) })
  const commandsKey = join(o.keysDir, 'commands.pem')
  const signing = createSigning(await openAuditKey(commandsKey), readLinks(commandsKey))
  const base = { db, events, audit, secrets, log }

  const configuration = createConfiguration(base)
  const access = createAccess(base)
  const certificates = createCertificates({ ...base, crlUrl: o.publicUrl && `${o.publicUrl}/pki/crl` })
  const devices = createDevices({ ...base, tokens: access, look: lookForWork, looks: factsLookedAt(registry) })
  const queries = createQueries(base)
  const groups = createGroups(base)
  const approvals = createApprovals({
    ...base,
    configuration,
    operations: registry.operations,
    operator: o.guard,
    ports: {
      release: (tx, activity) => operations.standing.release(tx, activity),
      end: (tx, activity, reason) => operations.standing.end(tx, activity, reason),
    },
    alarm: (tx, data) => raise(tx, events, [{ type: 'guard.budget-exceeded', severity: 'critical', data }]),
  })
  // Enrolment and policies call upward through ports; both are only called once everything is made.
  const enrollment = createEnrollment({
    ...base,
    ports: {
      closeEpoch: (tx, channels) => operations.closeEpoch(tx, channels),
      sendDisenrol: (tx, d) => operations.sendDisenrol(tx, d),
      demandRemoval: (tx, actor) => approvals.demandRemoval(tx, actor),
      writeFacts: async (tx, reports) =>
        void (await writeFacts(
          tx,
          reports.map((r) => ({ deviceNo: r.device, facts: r.facts })),
        )),
      revokeCertificates: (tx, channels, reason) => certificates.revokeChannels(tx, channels, reason),
      certify: (invitation, csr, o) => certificates.issueForInvitation(invitation, csr, o),
      moveChannels,
      organisation: () => configuration.get('organisation').value.name,
    },
  })
  const compliance = createCompliance({
    ...base,
    title: (feature) => textIn(registry.features.get(feature)?.title ?? feature),
    warn: (tx, warnings) => operations.sendWarnings(tx, warnings),
  })
  const policies: Policies & Previews = createPolicies({
    ...base,
    registry,
    compliance,
    escrow: (tx, needs) => readEscrow(base, tx, needs),
    demandSelfWipes: (tx, s) => approvals.demandSelfWipes(tx, s),
  })
  const operations: Operations = createOperations({
    ...base,
    registry,
    devices,
    part: { ...policies, owns: isSettingId },
    approvals,
    extras: {
      secrets: (tx, needs) => readEscrow(base, tx, needs),
      envelope: async (c, id, words, deadline) =>
        registry.operations.get(words.operation)?.signed
          ? signing.envelope(c, { id, operation: words.operation, params: words.params, deadline })
          : undefined,
    },
    startDisenrol: (tx, list, actor) => enrollment.startDisenrol(tx, list, actor),
    afterSettled: async (rows) => {
      for (const r of rows) {
        const reason =
          r.state === 'completed' ? endOf(r.operation, registry.operations.get(r.operation)?.effect) : undefined
        if (reason === undefined) continue
        await enrollment.confirmGone({ channel: r.channel, reason, actor: 'system' })
        devices.identity.forget([r.channel])
      }
    },
  })
  const platforms = createPlatforms({
    ...base,
    registry,
    access,
    signing,
    devices,
    enrollment,
    operations,
    policies,
    certificates,
    pace: (platform) => configuration.pace(platform),
    organisation: () => configuration.get('organisation').value.name,
    server: () => ({
      url: o.publicUrl ?? 'https://localhost',
      trust: o.ownTls ? [certificates.authorities().root.der] : [],
    }),
    pusher: o.pusher,
    raise: (tx, all) => raise(tx, events, all),
    pressed: o.pressed,
    clock,
  })
  const reports = {
    ...createDeviceReports({ db, registry }),
    ...createDeviceLog(base),
    summary: createSummary({ db }),
    visibleEvents: createVisibleEvents({ db }),
  }

  const escrow = createEscrowLook({
    ...base,
    descriptors: (platform) => registry.platforms.get(platform)?.descriptors.escrow ?? [],
  })
  const recovery = createRecovery(base)
  const alerts = createAlerts(base)
  const watch = createWatch(base)
  const webhooks = createWebhooks({
    ...base,
    poster: o.poster ?? noPoster,
    nameOf: access.nameOf,
    principalNamed: access.principalNamed,
    visible: reports.visibleEvents,
  })

  const jobs: Job[] = [
    { name: 'operations', everyS: 1, run: () => operations.tick() },
    { name: 'approvals', everyS: 30, run: () => approvals.tick() },
    { name: 'audit', everyS: 1, run: () => audit.seal() },
    { name: 'compliance', everyS: 10, run: () => compliance.tick() },
    { name: 'enrollment', everyS: 60, run: () => enrollment.tick() },
    { name: 'groups', everyS: 600, run: () => groups.refresh() },
    { name: 'policies', everyS: 600, run: () => evaluateAll() },
    { name: 'tokens', everyS: 600, run: () => access.oauth.sweep() },
    { name: 'watch', everyS: 10, run: () => watch() },
    { name: 'webhooks', everyS: 2, run: (signal) => webhooks.deliver(signal) },
    { name: 'retention', everyS: 3600, run: () => retain() },
  ]
  /** The sweep under the followers, also right after a start: set-based, and it writes only what differs. */
  async function evaluateAll(): Promise<void> {
    for (const platform of registry.platforms.keys()) await db.tx((tx) => policies.evaluateScope(tx, { platform }))
  }
  async function retain(): Promise<void> {
    const { historyDays, messageDays, deviceEventDays, outboxDays } = configuration.get('retention').value
    await makeMonths(db)
    await dropMonths(db, { history: historyDays, message: messageDays, device_event: deviceEventDays })
    await events.trim(outboxDays)
    await trimUnmatched(db, messageDays)
    await webhooks.trim(outboxDays)
  }

  /** All that could be fetched, in one statement. What is due later is told of when its time has come. */
  async function lookForWork(): Promise<{ waiting: number[]; putOff: number[] } | undefined> {
    const most = seenAtOnce + 1
    const rows = await db.query<{ channel: number; now: boolean }>(sql`
      (select channel, true as now from pending where state = 'pending' and (due is null or due <= now()) limit ${most})
      union all (select channel, false from pending where state = 'deferred' limit ${most})
      union all (select channel, due is null or due <= now() from channel_set where desired is distinct from applied or redo <> '{}' limit ${most})`)
    if (rows.length >= most) return undefined
    const channels = (now: boolean) => rows.filter((r) => r.now === now).map((r) => r.channel)
    return { waiting: channels(true), putOff: channels(false) }
  }

  const stopping: (() => Promise<unknown> | unknown)[] = []
  return {
    ...base,
    clock,
    registry,
    signing,
    configuration,
    access,
    certificates,
    devices,
    queries,
    approvals,
    groups,
    enrollment,
    operations,
    policies,
    compliance,
    platforms,
    reports,
    escrow,
    recovery,
    alerts,
    /** What the worker does each few seconds: notices devices that fell silent, came back or changed for the worse. */
    watch,
    webhooks,
    /** Caches follow the bus on every node; a worker also does the recurring work. */
    async start(roles: { worker: boolean }): Promise<void> {
      await configuration.start()
      stopping.push(() => configuration.stop())
      access.start()
      stopping.push(() => access.stop())
      await devices.start()
      stopping.push(() => devices.stop())
      await certificates.start()
      stopping.push(() => certificates.stop())
      await certificates.ensureAuthorities(configuration.get('organisation').value.name)
      await platforms.open()
      stopping.push(() => platforms.close())
      const sweeping = setInterval(
        () =>
          void devices
            .sweep()
            .catch((error: unknown) => log.warn({ error }, 'the sweep of waiting work failed; it comes again')),
        sweepEveryMs,
      ).unref()
      stopping.push(() => clearInterval(sweeping))
      if (roles.worker) await startWorker()
      await devices.looked()
    },
    /** In the reverse order of starting; what devices said is written before it resolves. */
    async stop(): Promise<void> {
      await operations.stop()
      for (const stop of stopping.splice(0).reverse()) await stop()
    },
  }

  async function startWorker(): Promise<void> {
    await groups.start()
    stopping.push(() => groups.stop())
    const follower = policies.follow()
    stopping.push(() => follower.stop())
    await follower.ready
    const waker = platforms.wake()
    stopping.push(() => waker.stop())
    const running = createJobs({ db, log, jobs: [...jobs, ...platforms.jobs()] })
    running.start()
    stopping.push(() => running.stop())
  }
}
