/** One simulated Apple device: it comes when it is woken, reports on the last command, is given the next one, and sleeps when nothing is left. */
import type { Json, JsonObject } from '@muster/contract'
import { createDeeds, type Doing, type Said } from '../../deeds.ts'
import type { Ground, Member, Rest, SimulatedDevice, Turn } from '../../platform.ts'
import { createRandom, keyOf } from '../../random.ts'
import type { Refused } from '../../refused.ts'
import type { Answered } from '../../wire.ts'
import { sharedUser } from './automated.ts'
import { type Machine, refusalOfCommand, type SimulatedCommand } from './command.ts'
import { synchronise } from './declarative.ts'
import { type Command, type Disk, newDisk, type Party } from './disk.ts'
import { effects } from './effects.ts'
import { enrol, renewedIdentity, tellBootstrapToken, tellToken } from './enrol.ts'
import { enrolmentIn } from './enrolment-profile.ts'
import { type Model, modelOf } from './model.ts'
import { bytesOf, isDict, readDict } from './plist.ts'
import { judgedProfile } from './profiles.ts'
import { queries } from './queries.ts'
import { createTalk } from './talk.ts'

const commands: Readonly<Record<string, SimulatedCommand>> = { ...queries, ...effects }

/** Without a push a device comes rarely. */
const restMs = 3_600_000
/** What the server calls a device's Error and CommandFormatError, whatever the device had in mind. */
const codes: Readonly<Record<string, string>> = { 'command-format': 'command-format' }
/** The protocol does not say what the server has a command for: what it may also send of its own accord is an errand here. */
function kindOf({ RequestType, Identifier }: JsonObject, management: string | undefined): Command['kind'] {
  const type = String(RequestType)
  if (type === 'InstallProfile') return 'put'
  if (type === 'RemoveProfile') return Identifier === management ? 'operation' : 'drop'
  const own = type === 'DeviceConfigured' || type === 'DeclarativeManagement'
  return own || commands[type]?.query ? 'errand' : 'operation'
}

export function createAppleDevice(ground: Ground, member: Member, kept: Json | undefined): SimulatedDevice {
  const { send, agenda, record, seed, times } = ground
  const { no, behaviour } = member
  const random = createRandom(keyOf(seed, no))
  let disk: Disk
  const born = modelOf(random, no)
  const model: Model = {
    ...born,
    // Whoever assigned it decides.
    get supervised() {
      return disk.automated?.supervised ?? born.supervised
    },
    get user() {
      const person = disk.automated?.people?.at(-1)
      return person === undefined ? born.user : { id: sharedUser, short: person, long: person }
    },
  }
  const fresh = () =>
    newDisk(
      no,
      born,
      { device: random.hex(64), ...(born.user && { user: random.hex(64) }) },
      `MAGIC-${random.hex(12).toUpperCase()}`,
    )
  disk = (kept as Disk | undefined) ?? fresh()
  const name = () => model.serial
  const now = agenda.now
  const talk = createTalk({ send, model, disk: () => disk, now })
  const context = { send, model, talk, disk: () => disk, now }
  const machine = (party: Party): Machine => ({ model, disk, now: now(), party })
  const commandOf = ({ request }: Command) => commands[String(request.RequestType)]

  const doing: Doing<Command> = {
    refusal: (d) => refusalOfCommand(commandOf(d), d.request, machine(d.party)),
    isRepeatable: (d) => commandOf(d)?.query === true || commandOf(d)?.repeatable === true,
    act: (d) => ({ result: commandOf(d)?.act(d.request, machine(d.party)) ?? {} }),
    acknowledges: false,
    code: (code) => codes[code] ?? 'device-error',
  }
  const deeds = createDeeds<Command>({ doing, behaviour, record, now, ...times, name, restart }, disk.memory)

  function restart(): void {
    record.write(name(), 'restarted')
    disk = JSON.parse(JSON.stringify(disk)) as Disk
    talk.renewed()
    disk.world.restarts += 1
    // A device that has started says where pushes reach it; the address may be a new one.
    disk.told.device = disk.told.device === undefined ? undefined : ''
    if (behaviour.share('which', disk.world.restarts, 2) < 0.3)
      disk.tokens.device = createRandom(keyOf(seed, no + 1_000_003 * disk.world.restarts)).hex(64)
    member.reachableAt(disk.tokens.device)
    deeds.restarted(disk.memory)
  }
  if (kept !== undefined) for (const token of Object.values(disk.tokens)) member.reachableAt(token)

  async function turn({ n, ending }: Turn): Promise<Rest> {
    if (disk.goodbye) return checkOut()
    if (!ending && disk.standing === 'enrolled') await tellWhatChanged()
    delete disk.comeAt
    const parties: Party[] = model.user && disk.told.user !== undefined ? ['device', 'user'] : ['device']
    for (const party of parties) {
      // Who sat there was signed out by what the device was just told.
      if (party === 'user' && disk.told.user === undefined) continue
      const finished = await connection(party, { n, ending })
      if (!finished) return { forMs: 0 }
    }
    if (ending) return { forMs: 0 }
    if (disk.goodbye) return { forMs: 0 }
    if (disk.standing === 'enrolled' && disk.declarative) await synchronise(context)
    return { forMs: restFor(n) }
  }

  function restFor(n: number): number {
    const usual = (times.pollS === undefined ? restMs : 1000 * times.pollS) * (0.9 + 0.2 * behaviour.share('jitter', n))
    // The setup assistant stands still until it is told to go on.
    const waits = disk.configured ? usual : Math.min(usual, 2000)
    return disk.comeAt === undefined ? waits : Math.min(waits, Math.max(0, disk.comeAt - now()))
  }

  async function tellWhatChanged(): Promise<void> {
    if (disk.told.device !== disk.tokens.device) await tellToken(context, 'device')
    if (disk.tokens.user !== undefined && disk.told.user !== disk.tokens.user) {
      member.reachableAt(disk.tokens.user)
      await tellToken(context, 'user')
      await tellBootstrapToken(context)
    }
  }

  /** From the first report to the empty answer. False: the device went down over a command. */
  async function connection(party: Party, { n, ending }: Turn): Promise<boolean> {
    let lose = !ending && behaviour.does('loseAnswer', n)
    for (let first = true; ; first = false) {
      const said = disk.memory.outbox.find((s) => disk.asked[s.id]?.party === party)
      if (!said && (ending || !first)) return true
      const asked = record.last
      let answer = said
        ? await report(said, lose)
        : await talk.connect({ kind: 'idle', party, fields: { Status: 'Idle' }, lose })
      lose = false
      let given = commandIn(answer, party, disk.enrolment?.identifier)
      // The same id with another command: the server asks on, and has not ended what was said before.
      while (said && given?.id === said.id && given.name !== disk.asked[said.id]?.type) {
        answer = await goOn(given)
        given = commandIn(answer, party, disk.enrolment?.identifier)
      }
      if (said) settle(said)
      if (ending) continue
      if (!given) return true
      await prepare(given)
      disk.asked[given.id] = { type: given.name, party }
      if (!deeds.receive(given, asked)) return false
      if (!disk.memory.outbox.some((s) => disk.asked[s.id]?.party === party)) return true
    }
  }

  function settle(said: Said): void {
    disk.memory.outbox = disk.memory.outbox.filter((s) => s.id !== said.id)
    deeds.heard([said])
    if (said.state === 'deferred')
      disk.comeAt = Math.min(disk.comeAt ?? Number.POSITIVE_INFINITY, now() + 1000 * (said.retryAfterS ?? 60))
    delete disk.asked[said.id]
  }

  async function report(said: Said, lose: boolean): Promise<Answered> {
    const ordinal = disk.reports++
    const party = disk.asked[said.id]?.party ?? 'device'
    const asked = { kind: 'report', party, fields: messageOf(said) }
    deeds.telling([said])
    if (!behaviour.does('duplicateSync', ordinal)) return talk.connect({ ...asked, lose })
    record.write(name(), 'duplicated', { id: said.id })
    const [, second] = await Promise.all([talk.connect(asked), talk.connect(asked)])
    return second
  }

  /** A further part of one inventory: it is only read. Its answer takes the place of the part before, so that a retry tells the last one. */
  function goOn(given: Command): Promise<Answered> {
    const m = machine(given.party)
    const command = commandOf(given)
    const fault = refusalOfCommand(command, given.request, m)
    const result: JsonObject = fault
      ? { ...(isDict(fault.result) ? fault.result : {}), refused: fault.text }
      : (command?.act(given.request, m) ?? {})
    disk.memory.outbox = disk.memory.outbox.map((s) => (s.id === given.id ? { ...s, result } : s))
    disk.asked[given.id] = { type: given.name, party: given.party }
    const said: Said = { id: given.id, state: 'completed', result }
    return talk.connect({ kind: 'report', party: given.party, fields: messageOf(said) })
  }

  /** A profile that renews the identity is obeyed with the new one in hand. */
  async function prepare({ name: type, request }: Command): Promise<void> {
    if (type !== 'InstallProfile') return
    const bytes = bytesOf(request.Payload)
    const enrolment = bytes && renewalIn(bytes)
    if (!enrolment) return
    disk.next = await renewedIdentity(context, enrolment).catch(() => undefined)
    talk.renewed()
  }

  async function checkOut(): Promise<Rest> {
    try {
      await talk.checkin('CheckOut', { party: 'device', fields: { Topic: disk.enrolment?.topic ?? '' } })
    } catch (error) {
      if (refused(error as Refused) !== 'gone') throw error
    }
    disk.goodbye = false
    return { forMs: 0 }
  }

  /** Apple: a 401, or a 403 that says so, ends the management on the device. */
  function refused(error: Refused): 'gone' | undefined {
    const ends = error.status === 401 || (error.status === 403 && error.code === 'com.apple.unrecognized.device')
    if (!ends || disk.standing === 'new') return undefined
    if (disk.standing === 'enrolled') disk.standing = 'gone'
    disk.goodbye = false
    return 'gone'
  }

  return {
    name,
    standing: () => disk.standing,
    async enrol(code) {
      // The push service knows a device before anybody is told its address.
      member.reachableAt(disk.tokens.device)
      await enrol(context, code)
      return { name: model.serial, product: model.product, udid: model.udid, form: model.manner.form }
    },
    turn,
    unsaid: () => disk.memory.outbox.length > 0 || disk.goodbye,
    refused,
    restart,
    /** Somebody removes a profile by hand, or another one of that name is there. */
    drift(n) {
      const ours = disk.profiles.filter((p) => p.identifier !== disk.enrolment?.identifier)
      const one = ours[Math.floor(behaviour.share('which', n) * ours.length)]
      if (!one) return
      const others = disk.profiles.filter((p) => p !== one)
      const removed = behaviour.share('which', n, 1) < 0.5
      disk.profiles = removed ? others : [...others, { ...one, uuid: `${one.uuid.slice(0, -4)}DEAD` }]
      record.write(name(), 'drifted', { name: one.identifier })
      if (disk.declarative) disk.declarative.tell = true
    },
    change() {
      disk.changes += 1
    },
    async farewell() {
      disk.goodbye = true
      await checkOut()
      disk.standing = 'left'
    },
    kept: () => disk as unknown as Json,
  }
}

function renewalIn(bytes: Buffer) {
  try {
    return enrolmentIn(judgedProfile(bytes))
  } catch {
    return undefined
  }
}

function commandIn(answer: Answered, party: Party, management?: string): Command | undefined {
  if (answer.bytes.length === 0) return undefined
  const { CommandUUID: id, Command: request } = readDict(answer.bytes)
  if (typeof id !== 'string' || !isDict(request) || typeof request.RequestType !== 'string')
    throw new Error('The server gave a command that is none.')
  return { id, kind: kindOf(request, management), name: request.RequestType, request, party }
}

/** Apple, the five statuses. */
function messageOf({ id, state, text = '', result }: Said): JsonObject {
  const more = isDict(result) ? result : {}
  const { refused, ...answer } = more
  if (state === 'completed' && refused === undefined) return { Status: 'Acknowledged', CommandUUID: id, ...answer }
  if (state === 'deferred') return { Status: 'NotNow', CommandUUID: id }
  const { domain = 'MDMClientError', number = 70 } = more
  const words = typeof refused === 'string' ? refused : text
  const error = { ErrorCode: number, ErrorDomain: domain, LocalizedDescription: words, USEnglishDescription: words }
  return { Status: 'Error', CommandUUID: id, ErrorChain: [error] }
}
