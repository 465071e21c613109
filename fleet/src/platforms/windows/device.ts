/** One simulated Windows PC: it comes by its schedule or when it is woken, leads a session, and lives with what the server made of it. */
import { X509Certificate } from 'node:crypto'
import type { Json } from '@muster/contract'
import type { Ground, Member, Rest, SimulatedDevice, Turn } from '../../platform.ts'
import { createRandom, keyOf } from '../../random.ts'
import { Refused } from '../../refused.ts'
import type { Disk, Notice } from './disk.ts'
import { enrol, renew } from './enrol.ts'
import { type Model, modelOf } from './model.ts'
import { createObey } from './obey.ts'
import { createPc } from './pc.ts'
import { pollMinutes } from './provisioning.ts'
import { session } from './session.ts'

/** What a journey leads by the hand. */
export interface WindowsDevice extends SimulatedDevice {
  readonly model: Model
  /** Nodes of its tree that were put there, by their place. */
  nodes(): Disk['nodes']
  /** Somebody logs on, or off. */
  logon(who: Disk['logon']): void
  /** The Store app of this package family, which opens this channel once the server names it (Push/PFN). */
  install(app: NonNullable<Disk['app']>): void
  /** As when its certificate ends. */
  renew(): Promise<void>
  /** Somebody changes this node by hand; absent: takes it away. */
  tamper(uri: string, data?: string): void
  world(): Pick<Disk, 'wiped' | 'locks' | 'reboots' | 'sessions' | 'certificate' | 'account'>
}

const goodbye = {
  type: 'com.microsoft:mdm.unenrollment.userrequest',
  format: 'int',
  mark: 'critical',
  data: '1',
  due: 0,
} as const
const newDisk = (no: number): Disk => ({
  no,
  standing: 'new',
  sessions: 0,
  polls: 0,
  nodes: {},
  logon: 'user',
  notices: [],
  goodbye: false,
  ended: false,
  locks: 0,
  reboots: 0,
  changes: 0,
  ordinals: 0,
  done: [],
})

export function createWindowsDevice(ground: Ground, member: Member, kept: Json | undefined): WindowsDevice {
  const { agenda, record, seed, times } = ground
  const { no, behaviour } = member
  const model = modelOf(createRandom(keyOf(seed, no)), no)
  let disk: Disk = (kept as Disk | undefined) ?? newDisk(no)
  const name = () => model.serial
  const now = agenda.now
  const laterS = () => times.laterS * (0.5 + behaviour.share('laterS', disk.ordinals))
  const pc = createPc({ model, disk: () => disk, now, laterS })
  const { obey } = createObey({
    tree: pc.tree,
    behaviour,
    record,
    childFirst: model.manner.childFirst,
    disk: () => disk,
    name,
    restart,
  })
  const deps = { send: ground.send, model, disk: () => disk, now }
  let identity: { key: string; certificate: string } | undefined
  const speech = { ...deps, record, obey, name, identity: shown }

  /** The same object while the certificate is the same: it is one connection. */
  function shown() {
    const { key = '', certificate = '' } = disk
    if (identity?.certificate !== certificate) identity = { key, certificate }
    return identity
  }
  function restart(): void {
    record.write(name(), 'restarted')
    disk = JSON.parse(JSON.stringify(disk)) as Disk
    disk.reboots += 1
  }
  if (disk.app) member.reachableAt(disk.app.channel)

  async function turn({ n, ending }: Turn): Promise<Rest> {
    if (disk.goodbye) return sayGoodbye()
    const notices = disk.notices.filter((x) => ending || x.due <= now())
    if (ending && notices.length === 0) return { forMs: 0 }
    if (!ending && dueForRenewal()) await renew(deps)
    const end = await session(speech, { notices, deaf: ending, ...troubles(n, ending) })
    disk.notices = disk.notices.filter((x) => !notices.includes(x))
    if (end.down) return { forMs: 0 }
    if (disk.ended || disk.wiped !== undefined) leave()
    disk.polls = end.obeyed > 0 ? 0 : disk.polls + 1
    return { forMs: ending ? 0 : restFor(n) }
  }

  function troubles(n: number, ending: boolean): { lose?: 'and-resend' | 'for-good'; twice?: boolean } {
    if (ending) return {}
    if (behaviour.does('loseAnswer', n)) return { lose: behaviour.share('which', n) < 0.5 ? 'and-resend' : 'for-good' }
    return behaviour.does('duplicateSync', n) ? { twice: true } : {}
  }

  function dueForRenewal(): boolean {
    const { renewDays, certificate } = disk
    if (renewDays === undefined || !certificate) return false
    const ends = new X509Certificate(certificate).validToDate.getTime()
    return ends - now() < renewDays * 86_400_000
  }

  function restFor(n: number): number {
    const jitter = 0.9 + 0.2 * behaviour.share('jitter', n)
    const minutes = disk.schedule ? pollMinutes(disk.schedule, disk.polls) : 480
    const usual = (times.pollS ?? 60 * minutes) * 1000 * jitter
    return disk.notices.reduce((rest, { due }) => Math.min(rest, Math.max(0, due - now())), usual)
  }

  function leave(): void {
    disk.standing = 'left'
    disk.account = undefined
    disk.notices = []
  }

  async function sayGoodbye(): Promise<Rest> {
    try {
      await session(speech, { notices: [goodbye as Notice], deaf: true })
    } catch (error) {
      if (!(error instanceof Refused) || refused(error) !== 'gone') throw error
    }
    disk.goodbye = false
    leave()
    return { forMs: 0 }
  }

  /** It keeps asking a server that refuses it, as a native client does; the management ends where nobody knows it. */
  function refused(error: Refused): 'gone' | undefined {
    if (error.code !== 'dm-unknown' && error.code !== 'dm-unauthorised') return undefined
    if (disk.standing === 'new') return undefined
    if (disk.standing === 'enrolled') disk.standing = 'gone'
    disk.goodbye = false
    return 'gone'
  }

  return {
    model,
    name,
    standing: () => disk.standing,
    async enrol(code) {
      await enrol(deps, code)
      return { name: model.serial, product: model.product, deviceId: model.deviceId, manner: { ...model.manner } }
    },
    turn,
    unsaid: () => disk.goodbye || (disk.standing === 'enrolled' && disk.notices.length > 0),
    refused,
    restart,
    /** Somebody changes or removes a setting that was put there. */
    drift(n) {
      const ours = Object.keys(disk.nodes).filter((uri) => /\/(Policy\/Config|WiFi|BitLocker)\//.test(uri))
      const uri = ours[Math.floor(behaviour.share('which', n) * ours.length)]
      if (uri === undefined) return
      tamper(uri, behaviour.share('which', n, 1) < 0.5 ? undefined : '0')
    },
    change() {
      disk.changes += 1
    },
    async farewell() {
      disk.goodbye = true
      await sayGoodbye()
    },
    kept: () => disk as unknown as Json,
    nodes: () => disk.nodes,
    logon(who) {
      disk.logon = who
    },
    install(app) {
      disk.app = app
      member.reachableAt(app.channel)
    },
    renew: () => renew(deps),
    tamper,
    world: () => disk,
  }

  function tamper(uri: string, data?: string): void {
    const there = disk.nodes[uri]
    if (data === undefined) delete disk.nodes[uri]
    else disk.nodes[uri] = { format: there?.format ?? 'chr', data }
    record.write(name(), 'drifted', { name: uri })
  }
}
