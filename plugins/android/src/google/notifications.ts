/** What Google tells: read, and told on to whom it concerns. Whatever is strange, late, said twice or somebody else's changes nothing. */
import type { Channel, Json, JsonObject, PlatformHost } from '@muster/contract'
import { objectOf } from '../documents/index.ts'
import type { Connection } from './connection.ts'
import { type ChannelState, channelState } from './deliver.ts'
import type { Enrolment } from './enrol.ts'
import { deviceFacts, nameFact, reportTime } from './facts.ts'

export interface Notification {
  /** ENROLLMENT, STATUS_REPORT, COMPLIANCE_REPORT, COMMAND, USAGE_LOGS, ENTERPRISE_UPGRADE; others are passed over. */
  readonly type: string
  readonly data: Json
  readonly publishedAt?: string
}
export interface Notifications {
  take(n: Notification): Promise<void>
  /** A device as Google describes it, from a message, or from its list as it is now (`listed`). */
  device(device: JsonObject, from: { reportedAt?: string; listed?: true }): Promise<void>
  /** An operation as it stands at Google; answers whether it is over. */
  operation(operation: JsonObject): Promise<boolean>
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
}): Notifications {
  const { host, connection } = o

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
      if (c) await host.gone(c, { code: 'deleted-at-google', text: 'The device was deleted at Google.' })
      return
    }
    if (!c) return void (await o.enrolment.arrive(name))
    await report(c, d, from)
  }

  async function report(c: Channel, d: JsonObject, from: { reportedAt?: string; listed?: true }): Promise<void> {
    const detail = await host.detail(c)
    if (detail.lifecycle === 'removed') return
    const state = channelState(detail.state)
    if (from.listed) await pointBack(d, state)
    if (from.listed && known(detail.facts, d)) return
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
  /** Somebody pointed it elsewhere, in Google's console or with another tool. */
  async function pointBack(d: JsonObject, state: ChannelState | undefined): Promise<void> {
    if (!state || typeof d.policyName !== 'string' || d.policyName === state.policy) return
    await connection.api({
      method: 'PATCH',
      path: `v1/${String(d.name)}`,
      query: { updateMask: 'policyName' },
      body: { policyName: state.policy },
    })
  }

  async function operation(op: JsonObject): Promise<boolean> {
    const name = await ours(op.name, operationPattern)
    if (!name || op.done !== true) return false
    const c = await host.find({ ref: name })
    if (c) await host.turn(c, { said: [{ ref: name, reply: op }], take: 0 })
    await host.sql`delete from command where name = ${name}`
    return true
  }

  return {
    device,
    operation,
    take: async (n) => {
      const data = objectOf(n.data)
      await host.sql`update enterprise set heard = now() where heard is null or heard < now() - interval '1 minute'`
      if (!data) return
      switch (n.type) {
        case 'ENROLLMENT':
        case 'STATUS_REPORT':
        case 'COMPLIANCE_REPORT':
          return device(data, { reportedAt: n.publishedAt })
        case 'COMMAND':
          return void (await operation(data))
      }
    },
  }
}

/** The list says what a report has said already. */
function known(facts: Readonly<JsonObject>, d: JsonObject): boolean {
  return (
    typeof d.lastStatusReportTime === 'string' &&
    facts['google.lastReport'] === d.lastStatusReportTime &&
    facts['google.state'] === (d.appliedState ?? d.state)
  )
}

/** Devices report once a day, or when they can. */
const silentS = 2 * 86_400
