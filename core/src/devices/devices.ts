/** Devices: who they are, when they were seen, whose they are, and what is known of each. */
import { Problem } from '@muster/contract'
import sql, { empty } from 'sql-template-tag'
import type { Audit } from '../audit/index.ts'
import { type Db, isUuid, type Log, type Tx } from '../db/index.ts'
import type { EventRecord, Events } from '../events/index.ts'
import { createGlances, type Glances } from './glances.ts'
import { createIdentity, type DeviceTokens, type Identity } from './identity.ts'
import { createLooks } from './looks.ts'
import { createSeen, type Seen } from './seen.ts'
import { createWaiting, type Found, type Waiting } from './waiting.ts'

export interface Devices {
  readonly identity: Identity
  readonly waiting: Waiting
  readonly seen: Seen
  /** Facts that rows look at, of devices that are known here. */
  readonly glances: Glances
  /** Row number of a device; Problem `not-found` unless it exists. */
  no(id: string): Promise<number>
  /** The name administrators see. Problems: not-found, revision-mismatch. */
  rename(id: string, name: string, by: { actor: string; revision?: number }): Promise<void>
  start(): Promise<void>
  /** Resolves when no look at what waits is under way: those with nothing are known then. */
  looked(): Promise<void>
  /** The net under the index of waiting work: a look, and everybody unknown when too much waits to be named. */
  sweep(): Promise<void>
  stop(): Promise<void>
}

export interface DevicesOptions {
  db: Db
  events: Events
  audit: Audit
  log: Log
  tokens: DeviceTokens
  /** A look at all that waits; undefined when it is too much to name. */
  look?: () => Promise<Found | undefined>
  /** Names of facts that rows look at. */
  looks?: readonly string[]
}

/** What ends a memory, or says that something waits. */
const hears = [
  'device.reported',
  'device.changed',
  'device.blocked',
  'device.enrolled',
  'device.removed',
  'channels.waiting',
  'channels.deferred',
  'credentials.revoked',
] as const

export function createDevices(o: DevicesOptions): Devices {
  const { db, events, audit } = o
  const identity = createIdentity({ db, tokens: o.tokens, busSilentMs: () => events.freshness() })
  const waiting = createWaiting()
  const seen = createSeen({ db, log: o.log })
  const looks = createLooks({ waiting, log: o.log, look: o.look ?? (async () => undefined) })
  const glances = createGlances({ names: o.looks ?? [], busSilentMs: () => events.freshness() })
  const closing: (() => Promise<void>)[] = []

  async function no(id: string): Promise<number> {
    const rows = isUuid(id) ? await db.query<{ no: number }>(sql`select no from device where id = ${id}`) : []
    const row = rows[0]
    if (!row) throw new Problem('not-found', { device: id })
    return row.no
  }
  async function rename(id: string, name: string, by: { actor: string; revision?: number }): Promise<void> {
    const device = await no(id)
    await db.tx(async (tx) => {
      const done = await tx.affected(
        sql`update device set revision = revision + 1, name = ${name} where no = ${device} ${by.revision === undefined ? empty : sql`and revision = ${by.revision}`}`,
      )
      if (done === 0) throw new Problem('revision-mismatch')
      await audit.write(tx, { actor: by.actor, act: 'device.rename', subject: `device:${id}`, detail: { name } })
      await events.emit(tx, 'device.changed', { device: id, what: ['name'] })
    })
  }
  function heardOf(channels: readonly number[] | '*'): void {
    waiting.heard(channels)
    if (channels === '*') looks.soon()
  }
  function hear(e: EventRecord<(typeof hears)[number]>): void {
    if (e.type === 'device.reported') glances.forget(e.data.devices)
    else if (e.type === 'device.changed') glances.forget([e.data.device])
    else if (e.type === 'channels.waiting') heardOf(e.data.channels)
    else if (e.type === 'channels.deferred') waiting.putOff(e.data.channels)
    else if (e.type === 'device.blocked') {
      identity.forget(e.data.channels)
      if (!e.data.blocked) waiting.heard(e.data.channels)
    } else if (e.type === 'device.enrolled') {
      glances.forget([e.data.device])
      identity.enrolled(e.data.channel, e.data.epoch)
      waiting.heard([e.data.channel])
    } else identity.forget(e.data.channels)
  }
  /** Caches and the waiting index follow the event bus; a gap in hearing makes everything unknown. */
  async function start(): Promise<void> {
    const follower = events.follow({ hears }, (batch) => {
      for (const e of batch) hear(e)
    })
    closing.push(() => follower.stop())
    await follower.ready
    closing.push(
      await db.listen(
        'muster_waiting',
        (payload) => heardOf(payload === '*' ? '*' : payload.split(',').map(Number)),
        () => {
          identity.forgetAll()
          glances.forgetAll()
          heardOf('*')
        },
      ),
    )
  }
  return {
    identity,
    waiting,
    seen,
    glances,
    no,
    rename,
    start,
    looked: looks.done,
    sweep: looks.now,
    stop: async () => {
      looks.stop()
      for (const close of closing.splice(0)) await close()
      await seen.stop()
    },
  }
}

/** Tells every node that something waits: at once by NOTIFY, and for good through the outbox. */
export async function tellWaiting(
  tx: Tx,
  events: Events,
  channels: readonly number[] | '*',
  urgent = false,
): Promise<void> {
  if (channels.length === 0) return
  const named = channels !== '*' && channels.length <= 500 ? [...channels] : '*'
  tx.notify('muster_waiting', named)
  await events.emit(tx, 'channels.waiting', { channels: named, urgent })
}
