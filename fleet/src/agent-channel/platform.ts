/** A platform of the agent channel as the fleet sees it: enrolment step by step, syncs by long poll or polling, and how they are misheard. */
import { agentChannel, type Json } from '@muster/contract'
import type { FleetPlatform, Ground, Member, OpenFleetPlatform, Rest, SimulatedDevice, Turn } from '../platform.ts'
import type { Refused } from '../refused.ts'
import { type Channel, createChannel, type SyncAsked } from './channel.ts'
import { createDevice, type Device } from './device.ts'
import type { Disk } from './disk.ts'
import type { Simulator } from './simulator.ts'

const { agentLimits } = agentChannel
const renewAt = 0.75
const soonMs = 20
/** A poll held for less was not held. */
const shortMs = 1000
/** The server answered, yet does not own to have taken the report. */
const unheardMs = 1000

export function agentPlatform(simulator: Simulator): FleetPlatform {
  return {
    id: simulator.platform,
    words: { operations: [...simulator.operations.keys()], features: [...simulator.features.keys()] },
    async open(ground): Promise<OpenFleetPlatform> {
      const channel = createChannel(ground.send, simulator)
      const about = await channel.about()
      return {
        device(member, kept) {
          const { seed, record, agenda, times } = ground
          const { no, behaviour } = member
          const d = createDevice(
            { no, seed, simulator, behaviour, record, now: agenda.now, ...times },
            kept as Disk | undefined,
          )
          return talker(d, { ground, member, channel, about })
        },
      }
    },
  }
}

interface Speaking {
  readonly ground: Ground
  readonly member: Member
  readonly channel: Channel
  /** Where the server said that registration and tokens are. */
  readonly about: Pick<agentChannel.About, 'registration' | 'token'>
}

function talker(d: Device, { ground, member, channel, about }: Speaking): SimulatedDevice {
  const { agenda, record, times } = ground
  const { behaviour } = member
  let token: { value: string; renewFrom: number } | undefined
  let longest = 0

  async function bearer(): Promise<string> {
    if (token && agenda.now() < token.renewFrom) return token.value
    const { client } = d.disk
    if (!client) throw new Error('The device has no credentials.')
    const { value, lifeS } = await channel.token(about.token, client)
    token = { value, renewFrom: agenda.now() + 1000 * lifeS * renewAt }
    return value
  }

  async function enrol(code: string): Promise<Json> {
    const { disk } = d
    if (disk.ownership === undefined) {
      const terms = await channel.look(code)
      disk.ownership = terms.ownership
      disk.licence = terms.licence?.version
    }
    disk.client ??= await channel.register(about.registration, code, d.identity)
    const done = await channel.enrol(await bearer(), disk, d.facts())
    Object.assign(disk, { device: done.device, epoch: done.epoch, signingKeys: done.signingKeys })
    return { name: d.identity.name, channel: done.channel, epoch: done.epoch }
  }

  async function turn({ n, ending }: Turn): Promise<Rest> {
    if (!ending && d.work() === 'off') return off(n)
    const report = d.report()
    if (!report && d.disk.farewell !== undefined) return goodbye(d.disk.farewell)
    const value = await bearer()
    const older = d.disk.previous
    const asked: SyncAsked = {
      report,
      sequence: d.disk.sequence,
      at: new Date(agenda.now()).toISOString(),
      take: ending ? 0 : agentLimits.take,
      waitS: report || ending ? 0 : holdS(),
      signal: report ? undefined : member.stop,
    }
    if (report) d.telling(report)
    const began = agenda.now()
    const answer = await say(n, value, asked, ending)
    longest = times.longPoll ? answer.waitS : 0
    if (report && older && !ending && behaviour.does('reorder', report.sequence)) {
      record.write(d.name(), 'reordered', { sequence: older.sequence })
      await hear(channel.sync(value, { ...asked, report: older }))
    }
    const heldMs = asked.waitS > 0 ? agenda.now() - began : shortMs
    return { forMs: nextMs(n, answer, heldMs >= shortMs || answer.deliveries.length > 0) }
  }

  /** Turned off, until somebody turns it on by hand. */
  function off(n: number): Rest {
    token = undefined
    const forS = times.silentS * (0.5 + behaviour.share('silentS', n))
    record.write(d.name(), 'silent', { detail: Math.round(forS * 1000) / 1000 })
    return { forMs: 1000 * forS }
  }

  /** Once, or twice at the same time, or with an answer that never arrives. */
  async function say(n: number, value: string, asked: SyncAsked, ending: boolean): Promise<agentChannel.SyncAnswer> {
    const { report } = asked
    const lose = !ending && behaviour.does('loseAnswer', n)
    if (!report || ending || !behaviour.does('duplicateSync', report.sequence))
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

  /** No longer than until the next work is due. */
  function holdS(): number {
    if (longest === 0) return 0
    const due = d.due()
    const most = Math.min(longest, agentLimits.waitS)
    return due === undefined ? most : Math.max(0, Math.min(most, Math.ceil(due - agenda.now()) / 1000))
  }

  /** `held`: not answered at once with nothing, as a server does that cannot hold a poll just now. */
  function nextMs(n: number, answer: agentChannel.SyncAnswer, held: boolean): number {
    if (d.disk.report) return unheardMs
    if (d.disk.over || member.stop.aborted || d.hasNews()) return 0
    if (answer.nextS === 0) return soonMs
    const due = d.due()
    const workMs = due === undefined ? Number.POSITIVE_INFINITY : Math.max(0, due - agenda.now())
    // Holding the next poll replaces sleeping.
    if (longest > 0 && held) return Math.min(workMs, soonMs)
    return Math.min(workMs, 1000 * (times.pollS ?? answer.nextS) * (0.9 + 0.2 * behaviour.share('jitter', n)))
  }

  /** As the real agent says it after a wipe; a server that has closed the enrolment already answers that it is gone, and is right. */
  async function goodbye(reason: string): Promise<Rest> {
    try {
      await channel.farewell(await bearer(), reason)
    } catch (error) {
      if (refused(error as Refused) !== 'gone') throw error
    }
    delete d.disk.farewell
    d.disk.over = 'left'
    return { forMs: 0 }
  }

  function refused(error: Pick<Refused, 'status' | 'code'>): 'gone' | 'at-once' | undefined {
    if (d.disk.device !== undefined && (error.status === 410 || error.code === 'invalid_client')) {
      if (d.disk.over === undefined) d.disk.over = 'gone'
      delete d.disk.farewell
      return 'gone'
    }
    if (error.status !== 401 || !token) return undefined
    token = undefined
    return 'at-once'
  }

  return {
    name: d.name,
    standing: () => d.disk.over ?? (d.disk.device === undefined ? 'new' : 'enrolled'),
    enrol,
    turn,
    unsaid: () => d.report() !== undefined || d.disk.farewell !== undefined,
    refused,
    restart() {
      token = undefined
      d.restart()
    },
    drift: d.drift,
    change: d.change,
    async farewell() {
      await channel.farewell(await bearer(), 'The simulated device leaves.')
      d.disk.over = 'left'
    },
    kept: () => d.disk as unknown as Json,
  }
}
