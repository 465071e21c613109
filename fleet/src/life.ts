/** A device's life on the network: it enrols, syncs by long poll or polling, backs off, misbehaves as its habits want, and leaves. */
import { agentChannel } from '@muster/contract'
import type { Agenda } from './agenda.ts'
import { type Channel, Refused, type SyncAsked } from './channel.ts'
import type { Device } from './device.ts'
import type { Report } from './disk.ts'
import type { FleetRecord } from './record.ts'
import type { Stop } from './stop.ts'
import { WireFailed } from './wire.ts'

export interface Times {
  /** Holds polls open as long as the server offers. */
  readonly longPoll: boolean
  /** Seconds between polls, instead of what the server says. */
  readonly pollS?: number
  /** Mean seconds of a silence. */
  readonly silentS: number
  readonly backoffMaxS: number
}
export interface Surroundings extends Times {
  readonly channel: Channel
  readonly agenda: Agenda
  readonly record: FleetRecord
  /** Where the server said that registration and tokens are. */
  readonly about: Pick<agentChannel.About, 'registration' | 'token'>
  readonly stop: Stop
  nextCode(): Promise<string>
}
export interface Life {
  /** Throws the last refusal when the server does not take the device in. */
  enrol(): Promise<void>
  /** Until the run stops, or the device has left. */
  live(): Promise<void>
  farewell(): Promise<void>
}

const { agentLimits } = agentChannel
/** Of one enrolment. */
const enrolTries = 12
const renewAt = 0.75
const soonMs = 20
/** A poll held for less was not held. */
const shortMs = 1000
/** The server answered, yet does not own to have taken the report. */
const unheardMs = 1000

export function createLife(d: Device, o: Surroundings): Life {
  const { channel, record, agenda } = o
  let token: { value: string; renewFrom: number } | undefined
  let longest = 0
  let failures = 0

  async function bearer(): Promise<string> {
    if (token && agenda.now() < token.renewFrom) return token.value
    const { client } = d.disk
    if (!client) throw new Error('The device has no credentials.')
    const { value, lifeS } = await channel.token(o.about.token, client)
    token = { value, renewFrom: agenda.now() + 1000 * lifeS * renewAt }
    return value
  }

  /** One step further; true when the device is enrolled. Each step may be repeated, and what it gave is kept. */
  async function step(code: string): Promise<boolean> {
    const { disk } = d
    if (disk.ownership === undefined) {
      const terms = await channel.look(code)
      disk.ownership = terms.ownership
      disk.licence = terms.licence?.version
    }
    disk.client ??= await channel.register(o.about.registration, code, d.identity)
    const done = await channel.enrol(await bearer(), disk, d.facts())
    Object.assign(disk, { device: done.device, epoch: done.epoch, signingKeys: done.signingKeys })
    record.write(d.name(), 'enrolled', { name: d.identity.name, detail: { channel: done.channel, epoch: done.epoch } })
    return true
  }

  async function enrol(): Promise<void> {
    if (d.disk.device !== undefined) return
    let code = await o.nextCode()
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (await step(code)) return
      } catch (error) {
        const waitMs = attempt < enrolTries && !o.stop.signal.aborted ? passing(error) : undefined
        if (waitMs === undefined) throw error
        // An answer that was lost may have spent the code; the device then needs another one.
        if (error instanceof Refused && error.code.startsWith('invitation-')) code = await o.nextCode()
        await o.stop.pause(waitMs)
      }
    }
  }

  async function live(): Promise<void> {
    for (;;) {
      const { disk } = d
      if (disk.over === 'gone') break
      const ending = disk.over === 'left' || o.stop.signal.aborted
      if (ending && (!d.report() || agenda.now() > o.stop.drainUntil())) break
      try {
        const waitMs = await exchange(disk.exchanges++, ending)
        failures = 0
        if (waitMs > 0) await o.stop.pause(waitMs)
      } catch (error) {
        const waitMs = failed(error)
        if (waitMs > 0) await o.stop.pause(waitMs)
      }
    }
    if (d.disk.over) record.write(d.name(), d.disk.over)
  }

  /** Answers the milliseconds until the next one. */
  async function exchange(x: number, ending: boolean): Promise<number> {
    if (!ending) await misbehave(x)
    d.work()
    const report = d.report()
    const value = await bearer()
    const older = d.disk.previous
    const asked: SyncAsked = {
      report,
      sequence: d.disk.sequence,
      at: new Date(agenda.now()).toISOString(),
      take: ending ? 0 : agentLimits.take,
      waitS: report || ending ? 0 : holdS(),
      signal: report ? undefined : o.stop.signal,
    }
    if (report) tellOf(report)
    const began = agenda.now()
    const answer = await say(x, value, asked, ending)
    longest = o.longPoll ? answer.waitS : 0
    if (report && older && !ending && d.behaviour.does('reorder', report.sequence)) {
      record.write(d.name(), 'reordered', { sequence: older.sequence })
      await hear(channel.sync(value, { ...asked, report: older }))
    }
    const heldMs = asked.waitS > 0 ? agenda.now() - began : shortMs
    return nextMs(x, answer, heldMs >= shortMs || answer.deliveries.length > 0)
  }

  async function misbehave(x: number): Promise<void> {
    const { behaviour } = d
    if (behaviour.does('silent', x)) {
      const forS = o.silentS * (0.5 + behaviour.share('silentS', x))
      record.write(d.name(), 'silent', { detail: Math.round(forS * 1000) / 1000 })
      await o.stop.pause(forS * 1000)
    }
    if (behaviour.does('restart', x)) {
      token = undefined
      d.restart()
    }
    if (behaviour.does('drift', x)) d.drift(x)
    if (behaviour.does('change', x)) d.change()
  }

  /** Once, or twice at the same time, or with an answer that never arrives. */
  async function say(x: number, value: string, asked: SyncAsked, ending: boolean): Promise<agentChannel.SyncAnswer> {
    const { report } = asked
    const lose = !ending && d.behaviour.does('loseAnswer', x)
    if (!report || ending || !d.behaviour.does('duplicateSync', report.sequence))
      return hear(channel.sync(value, { ...asked, lose }))
    record.write(d.name(), 'duplicated', { sequence: report.sequence })
    const [first, second] = await Promise.allSettled([
      hear(channel.sync(value, { ...asked, lose })),
      hear(channel.sync(value, asked)),
    ])
    if (first.status === 'fulfilled') return first.value
    if (second.status === 'fulfilled') return second.value
    throw first.reason
  }

  /** `asked` is read when the request goes out: a delivery that comes later than what was acknowledged before it is a fault of the server. */
  async function hear(going: Promise<agentChannel.SyncAnswer>): Promise<agentChannel.SyncAnswer> {
    const asked = record.last
    const answer = await going
    d.taken(answer.sequence, answer.time)
    d.receive(answer.deliveries, asked)
    return answer
  }

  function tellOf(report: Report): void {
    for (const r of report.results ?? [])
      record.write(d.name(), 'reported', {
        id: r.id,
        outcome: r.state,
        ...(r.code === undefined ? {} : { code: r.code }),
        sequence: report.sequence,
      })
  }

  /** No longer than until the next work is due. */
  function holdS(): number {
    if (longest === 0) return 0
    const due = d.due()
    const most = Math.min(longest, agentLimits.waitS)
    return due === undefined ? most : Math.max(0, Math.min(most, Math.ceil(due - agenda.now()) / 1000))
  }

  /** `held`: not answered at once with nothing, as a server does that cannot hold a poll just now. */
  function nextMs(x: number, answer: agentChannel.SyncAnswer, held: boolean): number {
    if (d.disk.report) return unheardMs
    if (d.disk.over || o.stop.signal.aborted || d.hasNews()) return 0
    if (answer.nextS === 0) return soonMs
    const due = d.due()
    const workMs = due === undefined ? Number.POSITIVE_INFINITY : Math.max(0, due - agenda.now())
    // Holding the next poll replaces sleeping.
    if (longest > 0 && held) return Math.min(workMs, soonMs)
    return Math.min(workMs, 1000 * (o.pollS ?? answer.nextS) * (0.9 + 0.2 * d.behaviour.share('jitter', x)))
  }

  /** What went wrong with an exchange, and how long (ms) to let the server be. */
  function failed(error: unknown): number {
    if (error instanceof WireFailed && error.code === 'aborted') return 0
    if (error instanceof WireFailed && error.code === 'answer-lost') record.write(d.name(), 'answer-lost', {})
    if (error instanceof Refused) {
      record.write(d.name(), 'refused', { code: error.code })
      if (error.status === 410 || error.code === 'invalid_client') d.disk.over = 'gone'
      if (d.disk.over === 'gone') return 0
    }
    const waitMs = passing(error) ?? 1000 * o.backoffMaxS
    return Math.min(waitMs, Math.max(soonMs, o.stop.signal.aborted ? 1000 : waitMs))
  }

  /** Milliseconds after which it is worth trying again; undefined for what will not pass by itself. */
  function passing(error: unknown): number | undefined {
    failures += 1
    const backoff =
      1000 *
      Math.min(o.backoffMaxS, 0.25 * 2 ** Math.min(failures, 12)) *
      (0.5 + d.behaviour.share('jitter', d.disk.exchanges, failures))
    if (error instanceof WireFailed) return backoff
    if (!(error instanceof Refused)) throw error
    if (error.status === 401 && token) {
      token = undefined
      return failures > 1 ? backoff : 0
    }
    if (error.status === 429 || error.status >= 500) return Math.max(backoff, 1000 * (error.retryAfterS ?? 0))
    return error.code === 'invitation-used' && failures > 1 ? 0 : undefined
  }

  async function farewell(): Promise<void> {
    if (d.disk.device === undefined || d.disk.over) return
    await channel.farewell(await bearer(), 'The simulated device leaves.')
    d.disk.over = 'left'
    record.write(d.name(), 'left')
  }

  return { enrol, live, farewell }
}
