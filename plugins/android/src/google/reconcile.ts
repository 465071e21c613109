/** What no notification told: commands that ended unheard, devices that came or went, documents that somebody changed. Slowly, for all of it counts against the quota. */
import { isProblem, type JsonObject, type PlatformHost } from '@muster/contract'
import { objectsOf } from '../documents/index.ts'
import type { Connection } from './connection.ts'
import type { Documents } from './documents.ts'
import { GoogleError } from './errors.ts'
import { nameFact } from './facts.ts'
import type { Notifications } from './notifications.ts'
import type { Parting } from './parting.ts'
import type { GoogleSettings } from './settings.ts'
import { documents as keptDocuments, openTokens } from './store.ts'

const commandsAtOnce = 50
/** Seconds to the next look at a command, doubling: 1 minute to 6 hours. */
const lookAgain = { first: 60, longest: 21_600 } as const
const page = 100

export function createReconcile(o: {
  host: PlatformHost
  connection: Connection
  notifications: Notifications
  documents: Documents
  parting: Parting
  settings: GoogleSettings
}) {
  const { host, connection } = o

  /** Of the commands that are under way, those whose next look is due. */
  async function commands(signal: AbortSignal): Promise<void> {
    if (!(await connection.enterprise())) return
    await host.sql`delete from command where until < now() - interval '1 day'`
    const due = await host.sql<{ name: string; tries: number }>`
      select name, tries from command where next <= now() order by next limit ${commandsAtOnce}`
    const over = await Promise.all(due.map((c) => look(c.name, signal)))
    const still = due.filter((_, i) => !over[i]).map((c) => c.name)
    await host.sql`update command set tries = tries + 1, next = now() + least(${lookAgain.longest}, ${lookAgain.first} * 2 ^ least(tries + 1, 12)) * interval '1 second' where name = any(${still}::text[])`
  }
  async function look(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      const operation = await connection.api({ method: 'GET', path: `v1/${name}`, signal })
      // Ours already: the name that was asked for is the one that counts.
      return await o.notifications.operation({ ...operation, name })
    } catch (e) {
      if (!(e instanceof GoogleError)) throw e
      if (e.kind !== 'missing') return false
      const c = await host.find({ ref: name })
      if (c) await host.turn(c, { said: [{ ref: name, state: 'failed', reason: e.reason }], take: 0 })
      await host.sql`delete from command where name = ${name}`
      return true
    }
  }

  /** All devices, page by page; what a node has begun another goes on with. */
  async function devices(signal: AbortSignal): Promise<void> {
    const enterprise = await connection.enterprise()
    if (!enterprise) return
    const [sweep] = await host.sql<{ page: string | null; begun: Date; due: boolean }>`
      select page, begun, at <= now() as due from sweep`
    if (sweep && !sweep.due) return
    let token = sweep?.page ?? undefined
    if (token === undefined)
      await host.sql`
      insert into sweep (at, page, begun) values (now(), null, now()) on conflict (one) do update set at = now(), page = null, begun = now()`
    do {
      const answer = await listed(enterprise.name, token, signal)
      const found = objectsOf(answer.devices)
      await Promise.all(found.map((d) => o.notifications.device(d, { listed: true })))
      const names = found.map((d) => String(d.name))
      // In the order in which devices are pointed, so that neither waits for the other.
      await host.sql`update device set seen = now() where name in (select name from device where name = any(${names}::text[]) order by name for update)`
      token = typeof answer.nextPageToken === 'string' && answer.nextPageToken !== '' ? answer.nextPageToken : undefined
      await host.sql`update sweep set page = ${token ?? null}`
    } while (token !== undefined && !signal.aborted)
    if (token !== undefined) return
    await missing(signal)
    await host.sql`update sweep set at = now() + ${o.settings.reconcileMinutes} * interval '1 minute', page = null`
  }

  /** Where a list goes on is known to Google for a while only: what it does not know any more is begun anew. */
  async function listed(enterprise: string, pageToken: string | undefined, signal: AbortSignal): Promise<JsonObject> {
    try {
      return await connection.api({
        method: 'GET',
        path: `v1/${enterprise}/devices`,
        query: { pageSize: page, pageToken },
        signal,
      })
    } catch (e) {
      if (e instanceof GoogleError && (e.kind === 'refused' || e.kind === 'missing'))
        await host.sql`update sweep set page = null`
      throw e
    }
  }

  /** Those that the list did not name are asked for one by one: a list may be short for other reasons. */
  async function missing(signal: AbortSignal): Promise<void> {
    const gone = await host.sql<{
      name: string
    }>`select name from device where seen < (select begun from sweep) order by seen limit 1000`
    for (const { name } of gone) {
      if (signal.aborted) return
      try {
        await connection.api({ method: 'GET', path: `v1/${name}`, signal })
        await host.sql`update device set seen = now() where name = ${name}`
      } catch (e) {
        if (!(e instanceof GoogleError) || e.kind !== 'missing') throw e
        const c = await host.find({ fact: nameFact, value: name })
        if (c) await o.parting.left(c, name)
        else await host.sql`delete from device where name = ${name}`
      }
    }
  }

  /** A document that somebody changed is written again; one that no device has is taken away after a week. */
  async function policies(signal: AbortSignal): Promise<void> {
    if (!(await connection.enterprise())) return
    const base = await o.documents.base()
    for (const d of await keptDocuments(host.sql, host.vault)) {
      if (signal.aborted) return
      try {
        if (d.idle && d.name !== base.name) {
          await o.documents.remove(d.name)
          continue
        }
        const there = await connection.api({ method: 'GET', path: `v1/${d.name}`, signal })
        if (Number(there.version) !== d.version) await o.documents.rewrite(d.name, d.body)
      } catch (e) {
        if (!(e instanceof GoogleError)) throw e
        if (e.kind !== 'missing' && e.kind !== 'conflict' && e.kind !== 'refused') throw e
        // What is still used stays, as Google says by refusing.
        if (!d.idle && e.kind === 'missing') await o.documents.rewrite(d.name, d.body)
      }
    }
  }

  /** A token lets nobody in whose invitation was withdrawn; one that is over is forgotten after a month. */
  async function tokens(signal: AbortSignal): Promise<void> {
    if (!(await connection.enterprise())) return
    await host.sql`delete from token where expires < now() - interval '30 days'`
    for (const t of await openTokens(host.sql, host.vault)) {
      if (signal.aborted) return
      if (!(await withdrawn(t.code))) continue
      try {
        await connection.api({ method: 'DELETE', path: `v1/${t.name}`, signal })
      } catch (e) {
        if (!(e instanceof GoogleError)) throw e
        // One that Google does not let go of keeps no other from it: its invitation is over here anyway.
        if (e.kind === 'refused') host.log.warn({ err: e, token: t.name }, 'an enrolment token could not be withdrawn')
        else if (e.kind !== 'missing') throw e
      }
      await host.sql`update token set expires = now() where ref = ${t.ref}`
    }
  }
  /** One that was used is over by itself: it was good for one device. */
  async function withdrawn(code: string): Promise<boolean> {
    try {
      await host.invitation(code)
      return false
    } catch (e) {
      if (!isProblem(e)) throw e
      return e.code !== 'invitation-used'
    }
  }

  /** Google being away is no failure of ours: the next run goes on. */
  const patient = (run: (signal: AbortSignal) => Promise<void>) => async (signal: AbortSignal) => {
    try {
      await run(signal)
    } catch (e) {
      if (!(e instanceof GoogleError)) throw e
      host.log.warn({ err: e }, 'looking for what no notification told was broken off')
    }
  }
  return [
    { name: 'google.commands', everyS: 30, run: patient(commands) },
    { name: 'google.devices', everyS: 60, run: patient(devices) },
    { name: 'google.documents', everyS: 3600, run: patient(policies) },
    { name: 'google.tokens', everyS: 300, run: patient(tokens) },
  ]
}
