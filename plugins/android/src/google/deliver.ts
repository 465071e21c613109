/** Handing over to Google: commands are issued, devices are pointed to their policy document, each at the pace and with an honest end. */
import type { ChannelDetail, Delivery, Json, JsonObject, PlatformHost, Said } from '@muster/contract'
import { isReading } from '../commands/index.ts'
import { complianceFact, objectOf } from '../documents/index.ts'
import type { Alone } from './alone.ts'
import type { Connection } from './connection.ts'
import type { Documents, Placed } from './documents.ts'
import { GoogleError } from './errors.ts'
import { deviceFacts, nameFact, reportTime } from './facts.ts'
import type { Parting } from './parting.ts'
import { together } from './together.ts'

type Operation = Extract<Delivery, { kind: 'operation' }>
/** What the channel keeps: the document that its device was pointed to. */
export interface ChannelState {
  readonly policy: string
  readonly version: number
}
interface Told {
  readonly said?: Said
  readonly facts?: JsonObject
  readonly reportedAt?: string
  readonly state?: ChannelState
  /** The device is not there any more. */
  readonly gone?: true
}

export function channelState(state: Json): ChannelState | undefined {
  const kept = objectOf(state)
  return kept && typeof kept.policy === 'string' && typeof kept.version === 'number'
    ? { policy: kept.policy, version: kept.version }
    : undefined
}

function deviceName(c: ChannelDetail): string | undefined {
  const name = c.facts[nameFact]
  return typeof name === 'string' && /^enterprises\/[\w.-]{1,100}\/devices\/[\w.-]{1,100}$/.test(name)
    ? name
    : undefined
}

export function createDeliver(o: {
  host: PlatformHost
  connection: Connection
  documents: Documents
  parting: Parting
  alone: Alone
  /** What Google calls a command is written down. */
  known(name: string): Promise<void>
  /** Whether an operation may be done twice without harm. */
  repeatable(operation: string): boolean
}) {
  const { host, connection } = o
  /** Commands that are under way: looked at when nothing is heard of them. */
  const remember = together(
    (all: readonly { ref: string; until: string }[]) =>
      host.sql`insert into command (name, next, until) select name, now() + interval '60 seconds', until
        from unnest(${all.map((c) => c.ref)}::text[], ${all.map((c) => c.until)}::timestamptz[]) as x (name, until) on conflict (name) do nothing`,
  )

  /** In the order of their names, so that no two wait for each other. */
  const pointed = together(
    (all: readonly { name: string; policy: string }[]) =>
      host.sql`insert into device (name, policy) select distinct on (name) name, policy
        from unnest(${all.map((d) => d.name)}::text[], ${all.map((d) => d.policy)}::text[]) as x (name, policy) order by name
        on conflict (name) do update set policy = excluded.policy`,
  )

  return async function deliver(all: readonly Delivery[], signal: AbortSignal): Promise<void> {
    await Promise.all(
      all.map((d) => {
        const name = deviceName(d.channel)
        // Until it is known here which document it has, nobody may take it for one that was pointed elsewhere.
        return name && d.kind === 'document' ? o.alone(name, () => one(d, name)) : one(d, name)
      }),
    )
    async function one(d: Delivery, name: string | undefined): Promise<void> {
      const told = await hand(d, signal)
      if (told.gone && name) await o.parting.left(d.channel, name)
      else if (told.said) {
        await host.turn(d.channel, {
          said: [told.said],
          ...(told.facts ? { facts: told.facts, partial: true, reportedAt: told.reportedAt } : {}),
          ...(told.state ? { state: { ...told.state } } : {}),
          take: 0,
        })
        if (told.state) await heardBefore(d.channel, told.state)
        if (told.said.ref !== undefined) await o.known(told.said.ref)
      }
    }
  }

  /** A device is quick: its report on this document may have come before it was known here which one that is, and there may be no other for a day. */
  async function heardBefore(c: ChannelDetail, { policy, version }: ChannelState): Promise<void> {
    const { facts } = await host.detail(c)
    const report = objectOf(facts[complianceFact])
    if (!report || facts['google.policy'] !== policy || !(Number(facts['google.policyVersion']) >= version)) return
    const last = facts['google.lastReport']
    await host.turn(c, {
      facts: { [complianceFact]: { ...report, current: true } },
      partial: true,
      // It is that report still: a newer one may be on its way.
      reportedAt: typeof last === 'string' ? last : undefined,
      take: 0,
    })
  }

  async function hand(d: Delivery, signal: AbortSignal): Promise<Told> {
    const name = deviceName(d.channel)
    if (!name) return { said: failed(d.id, 'not-at-google', 'Google has not told of this device yet.') }
    try {
      switch (d.kind) {
        case 'operation':
          return await operate(d, name, signal)
        case 'document':
          return await point(d, name, signal)
        default:
          return { said: failed(d.id, 'unsupported', `Google takes no ${d.kind}.`) }
      }
    } catch (e) {
      if (e instanceof GoogleError) return onError(d, e)
      if (signal.aborted) return { said: { id: d.id, state: 'returned', reason: stopped } }
      throw e
    }
  }

  async function operate(d: Operation, name: string, signal: AbortSignal): Promise<Told> {
    const command = objectOf(d.row.to(d.params, d.channel, d.secrets, d.kept)) ?? {}
    if (isReading(command)) return look(d, name, signal)
    const seconds = Math.max(60, Math.round((Date.parse(d.deadline) - host.clock.now().getTime()) / 1000))
    await o.parting.begins(name, d.id, command.type)
    const operation = await connection
      .api({
        method: 'POST',
        path: `v1/${name}:issueCommand`,
        body: { ...command, duration: `${seconds}s` },
        signal,
        ...(o.repeatable(d.operation) ? { repeatable: true } : {}),
      })
      .catch(async (e: unknown) => {
        // What failed otherwise may have been done, or what was before it.
        if (e instanceof GoogleError && e.kind === 'refused') await o.parting.ends(name, command.type)
        throw e
      })
    const ref = String(operation.name ?? '')
    // Without a name nothing can be heard of it: the time runs, and its end is that it is unknown.
    if (!ref) return {}
    if (operation.done !== true) await remember({ ref, until: d.deadline })
    return { said: { id: d.id, ref, reply: operation } }
  }

  async function look(d: Operation, name: string, signal: AbortSignal): Promise<Told> {
    const device = await connection.api({ method: 'GET', path: `v1/${name}`, signal })
    const state = channelState(d.channel.state)
    const facts = deviceFacts(device, state && { name: state.policy, version: state.version })
    return { facts, reportedAt: reportTime(device), said: { id: d.id, reply: { facts: Object.keys(facts).length } } }
  }

  /** One request for the document when it is new, one for the device when it has another. */
  async function point(d: Extract<Delivery, { kind: 'document' }>, name: string, signal: AbortSignal): Promise<Told> {
    const placed: Placed = await o.documents.place(d, signal)
    const before = channelState(d.channel.state)
    if (before?.policy !== placed.name) {
      await connection.api({
        method: 'PATCH',
        path: `v1/${name}`,
        query: { updateMask: 'policyName' },
        body: { policyName: placed.name },
        signal,
      })
      await pointed({ name, policy: placed.name })
    }
    return { said: { id: d.id, state: 'completed' }, state: { policy: placed.name, version: placed.version } }
  }

  /** What was certainly not done goes back or rests; of what may have been done, only what may be done twice is done again. */
  async function onError(d: Delivery, e: GoogleError): Promise<Told> {
    const twice = d.kind !== 'operation' || o.repeatable(d.operation)
    const rest = (retryAfterS: number): Told => ({
      said: { id: d.id, state: 'deferred', reason: e.reason, retryAfterS },
    })
    switch (e.kind) {
      case 'quota':
        return { said: { id: d.id, state: 'returned', reason: e.reason } }
      case 'away':
        host.log.warn({ err: e, delivery: d.id }, 'Google did not take a delivery')
        return twice || e.unsent ? rest(60) : {}
      case 'conflict':
        return rest(30)
      case 'access':
      case 'unset':
        host.log.warn({ err: e, delivery: d.id }, 'Google does not let us in')
        await host.alert({ type: 'google-access', severity: 'critical', data: { status: e.status, text: e.message } })
        return rest(300)
      case 'missing':
        if (await isGone(d)) return { gone: true }
        if (d.kind !== 'document') return { said: failed(d.id, e.reason.code, e.reason.text) }
        // Then it was the document: it is written anew.
        await o.documents.forget()
        return rest(5)
      case 'refused':
      case 'unusable':
        return { said: failed(d.id, e.reason.code, e.reason.text) }
    }
  }

  /** What was missing may have been the document. */
  async function isGone(d: Delivery): Promise<boolean> {
    const name = deviceName(d.channel)
    if (!name) return false
    try {
      await connection.api({ method: 'GET', path: `v1/${name}` })
      return false
    } catch (e) {
      return e instanceof GoogleError && e.kind === 'missing'
    }
  }
}

const stopped = { code: 'not-sent', text: 'The server stopped before it was sent.' }

function failed(id: string, code: string, text: string): Said {
  return { id, state: 'failed', reason: { code, text } }
}
