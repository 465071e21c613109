/** What Google tells: read, and told on to whom it concerns. Whatever is strange, late, said twice or somebody else's changes nothing. */
import type { Channel, Json, JsonObject, PlatformHost } from '@muster/contract'
import { objectOf } from '../documents/index.ts'
import type { Alone } from './alone.ts'
import type { Connection } from './connection.ts'
import { type ChannelState, channelState } from './deliver.ts'
import type { Enrolment } from './enrol.ts'
import { GoogleError } from './errors.ts'
import { deviceFacts, nameFact, reportTime } from './facts.ts'
import type { Parting } from './parting.ts'
import { together } from './together.ts'
import { usageTurn } from './usage.ts'

export interface Notification {
  /** ENROLLMENT, STATUS_REPORT, COMPLIANCE_REPORT, COMMAND, USAGE_LOGS, ENTERPRISE_UPGRADE; others are passed over. */
  readonly type: string
  readonly data: Json
  readonly publishedAt?: string
}
export interface Notifications {
  /** Throws when it could not be dealt with: it is to come again. */
  take(n: Notification): Promise<void>
  /** The same of many at once, those of one device in their order; says of each whether it was dealt with. */
  takeAll(list: readonly Notification[]): Promise<readonly boolean[]>
  /** A device as Google describes it, from a message, or from its list as it is now (`listed`). */
  device(device: JsonObject, from: { reportedAt?: string; listed?: true }): Promise<void>
  /** An operation as Google answered when it was looked at; answers whether it is over. */
  operation(operation: JsonObject): Promise<boolean>
  /** Its name is known here from now on: what came of it before is taken. */
  known(name: string): Promise<void>
}

const namePattern = /^(enterprises\/[\w.-]{1,100})\/devices\/[\w.-]{1,100}$/
const operationPattern = /^(enterprises\/[\w.-]{1,100})\/devices\/[\w.-]{1,100}\/operations\/[\w.-]{1,200}$/

/** A Pub/Sub message (PubsubMessage): base64 data, and attributes that name its kind. Undefined: it is none of Google's management. */
export function readMessage(message: Json | undefined): Notification | undefined {
  const m = objectOf(message)
  const type = objectOf(m?.attributes)?.notificationType
  if (!m || typeof type !== 'string') return undefined
  const publishedAt =
    typeof m.publishTime === 'string' && !Number.isNaN(Date.parse(m.publishTime)) ? m.publishTime : undefined
  if (type === 'test') return { type, data: null, publishedAt }
  if (typeof m.data !== 'string' || m.data.length > 4_000_000) return undefined
  try {
    return { type, data: JSON.parse(Buffer.from(m.data, 'base64').toString('utf8')) as Json, publishedAt }
  } catch {
    return undefined
  }
}

export function createNotifications(o: {
  host: PlatformHost
  connection: Connection
  enrolment: Enrolment
  parting: Parting
  alone: Alone
}): Notifications {
  const { host, connection } = o
  /** Commands that are over are not looked at any more. */
  const forget = together(
    (names: readonly string[]) => host.sql`delete from command where name = any(${names}::text[])`,
  )
  const early = new Map<string, JsonObject>()
  let heardAt = 0

  /** A look at when something was heard last must not cost each message a statement. */
  async function heard(): Promise<void> {
    const now = Date.now()
    if (now - heardAt < heardEveryMs) return
    heardAt = now
    await host.sql`update enterprise set heard = now() where heard is null or heard < now() - interval '1 minute'`
  }

  async function ours(name: Json | undefined, pattern: RegExp): Promise<string | undefined> {
    const found = typeof name === 'string' ? pattern.exec(name) : null
    if (!found) return undefined
    const enterprise = await connection.enterprise()
    return found[1] === enterprise?.name ? found[0] : undefined
  }

  async function device(d: JsonObject, from: { reportedAt?: string; listed?: true }): Promise<void> {
    const name = await ours(d.name, namePattern)
    if (!name) return
    const c = await host.find({ fact: nameFact, value: name })
    // The last that is heard of a device that was erased or deleted.
    if (d.state === 'DELETED' || d.appliedState === 'DELETED') {
      if (c) await o.parting.left(c, name)
      return
    }
    if (!c) return void (await o.enrolment.arrive(name))
    await report(c, d, from)
  }

  async function report(c: Channel, d: JsonObject, from: { reportedAt?: string; listed?: true }): Promise<void> {
    const detail = await host.detail(c)
    if (detail.lifecycle === 'removed') return
    const state = channelState(detail.state)
    if (from.listed && elsewhere(d, state)) await pointBack(c, String(d.name))
    if (from.listed && isKnown(detail.facts, d)) return
    const facts = deviceFacts(d, state && { name: state.policy, version: state.version })
    // A report that is older than what is known says nothing new: the time decides, not the order of arrival.
    await host.turn(detail, {
      facts,
      partial: true,
      reportedAt: reportTime(d, from.reportedAt),
      expectInS: silentS,
      take: 0,
    })
    // It was pointed elsewhere meanwhile: what it said is judged by that document. Whoever points it looks, in turn, at what it has said.
    const now = channelState((await host.detail(c)).state)
    if (now && (now.policy !== state?.policy || now.version !== state.version)) {
      const judged = deviceFacts(d, { name: now.policy, version: now.version })
      await host.turn(detail, { facts: judged, partial: true, reportedAt: reportTime(d, from.reportedAt), take: 0 })
    }
  }
  /** Somebody pointed it elsewhere, in Google's console or with another tool: as Google says it now, for the list may be from before it was pointed by us. */
  async function pointBack(c: Channel, name: string): Promise<void> {
    await o.alone(name, async () => {
      const now = await connection.api({ method: 'GET', path: `v1/${name}` }).catch((e: unknown) => {
        // It went meanwhile: the look at those that no list names finds that.
        if (e instanceof GoogleError && e.kind === 'missing') return {}
        throw e
      })
      const state = channelState((await host.detail(c)).state)
      if (state && elsewhere(now, state))
        await connection.api({
          method: 'PATCH',
          path: `v1/${name}`,
          query: { updateMask: 'policyName' },
          body: { policyName: state.policy },
        })
    })
  }

  /** False: nothing here has this name, or not yet. */
  async function over(op: JsonObject, name: string): Promise<boolean> {
    const c = await host.find({ ref: name })
    if (c) await host.turn(c, { said: [{ ref: name, reply: op }], take: 0 })
    if (op.error !== undefined) await o.parting.ends(deviceOf(name), objectOf(op.metadata)?.type)
    return c !== undefined
  }
  async function finished(op: JsonObject): Promise<string | undefined> {
    return op.done === true ? ours(op.name, operationPattern) : undefined
  }
  async function operation(op: JsonObject): Promise<boolean> {
    const name = await finished(op)
    if (!name) return false
    await over(op, name)
    await forget(name)
    return true
  }
  /** A device may be quicker than our own record of what Google calls its command: then the message waits for that, and a look at Google finds it otherwise. */
  async function said(op: JsonObject): Promise<void> {
    const name = await finished(op)
    if (!name) return
    if (await over(op, name)) return forget(name)
    early.set(name, op)
    for (const first of early.keys()) if (early.size > earlyAtMost) early.delete(first)
  }
  async function known(name: string): Promise<void> {
    const op = early.get(name)
    if (!op) return
    early.delete(name)
    await operation(op)
  }

  /** Of the logs, what a lost device tells: others are not asked for. */
  async function used(batch: JsonObject): Promise<void> {
    const name = await ours(batch.device, namePattern)
    const c = name === undefined ? undefined : await host.find({ fact: nameFact, value: name })
    const turn = c && usageTurn(batch, await host.detail(c))
    if (c && turn) await host.turn(c, turn)
  }

  async function take(n: Notification): Promise<void> {
    const data = objectOf(n.data)
    await heard()
    if (!data) return
    switch (n.type) {
      case 'ENROLLMENT':
      case 'STATUS_REPORT':
      case 'COMPLIANCE_REPORT':
        return device(data, { reportedAt: n.publishedAt })
      case 'COMMAND':
        return said(data)
      case 'USAGE_LOGS':
        return used(data)
    }
  }
  async function took(n: Notification): Promise<boolean> {
    try {
      await take(n)
      return true
    } catch (e) {
      host.log.warn({ err: e }, 'a notification could not be taken; it comes again')
      return false
    }
  }

  return {
    device,
    operation,
    known,
    take,
    // What goes on at the same time is looked up and written together.
    takeAll: async (list) => {
      const done = list.map(() => false)
      const numbered = list.map((n, i) => ({ n, i }))
      const lines = Map.groupBy(numbered, ({ n, i }) => {
        const { name, device: of } = objectOf(n.data) ?? {}
        const known = name ?? of
        return typeof known === 'string' ? deviceOf(known) : `${i}`
      })
      await Promise.all(
        [...lines.values()].map(async (line) => {
          for (const { n, i } of line) done[i] = await took(n)
        }),
      )
      return done
    },
  }
}

const elsewhere = (d: JsonObject, state: ChannelState | undefined) =>
  state !== undefined && typeof d.policyName === 'string' && d.policyName !== state.policy
const heardEveryMs = 30_000
const earlyAtMost = 1_000
const deviceOf = (name: string) => name.split('/operations/', 1)[0] ?? name

/** The list says what a report has said already. */
function isKnown(facts: Readonly<JsonObject>, d: JsonObject): boolean {
  return (
    typeof d.lastStatusReportTime === 'string' &&
    facts['google.lastReport'] === d.lastStatusReportTime &&
    facts['google.state'] === (d.appliedState ?? d.state)
  )
}

/** Devices report once a day, or when they can. */
const silentS = 2 * 86_400
