/** Phones among one another: they enrol with a token, fetch their policy, carry out commands, report, and leave; each step in its own time, which the seed decides. */
import { ApiError, rpcNumbers } from '../errors.ts'
import {
  type Device,
  type Estate,
  forget,
  isoOf,
  type Operation,
  operationResource,
  type Resource,
  spendToken,
} from '../estate.ts'
import { type Habits, type Model, newPhone, type Phone, type SetUp } from '../phone.ts'
import { carryOut, type Done, failedByItself } from './commands.ts'
import { judge } from './judge.ts'
import { identityReport, statusReport } from './report.ts'

/** What the phones lived through, in order: the oracle that a server's history is held against. */
export interface PhoneLine {
  readonly t: number
  readonly device: string
  readonly event: 'enrolled' | 'applied' | 'executed' | 'failed' | 'expired' | 'wiped' | 'removed' | 'released'
  readonly operation?: string
  readonly type?: string
  readonly policy?: string
  readonly version?: string
}
export interface Phones {
  /** `how`: on a company's phone at its first start, or from the settings of somebody's own. Throws ApiError when the token lets it not in. */
  enrol(model: Model, token: string, how: 'first-start' | 'work-profile', habits: Habits): Device
  ring(device: Device): void
  /** As by the user or the time of day: it fetches and tells now. */
  sync(device: Device): void
  /** The user deletes the work profile, or resets the phone by hand; nobody is told. */
  leave(device: Device): void
  readonly lines: readonly PhoneLine[]
  readonly all: ReadonlySet<Device>
  close(): void
}

const systemVersion = 1_000
/** From a device's answer to its last report. */
const lastWordMs = 1500

export function createPhones(estate: Estate, onLine: (line: PhoneLine) => void = () => undefined): Phones {
  const timers = new Map<Device, Set<NodeJS.Timeout>>()
  const waiting = new Set<Device>()
  const lines: PhoneLine[] = []
  const all = new Set<Device>()
  /** By enterprise and serial number: what was enrolled before. */
  const known = new Map<string, readonly Device[]>()
  let closed = false

  function line(device: Device, event: PhoneLine['event'], more: Omit<PhoneLine, 't' | 'device' | 'event'> = {}): void {
    const told = { t: estate.now(), device: device.name, event, ...more }
    lines.push(told)
    onLine(told)
  }
  function later(device: Device, ms: number, work: () => void): void {
    if (closed) return
    const mine = timers.get(device) ?? new Set()
    timers.set(device, mine)
    const timer = setTimeout(() => {
      mine.delete(timer)
      work()
    }, ms)
    timer.unref()
    mine.add(timer)
  }
  const about = (ms: number) => ms * (0.5 + estate.draw())

  function ring(device: Device): void {
    if (waiting.has(device)) return
    waiting.add(device)
    later(device, about(device.phone.habits.syncMs), () => {
      waiting.delete(device)
      sync(device)
    })
  }

  function sync(device: Device): void {
    const { phone } = device
    for (const o of device.operations.values()) if (!o.done && o.until <= estate.now()) expire(device, o)
    if (!phone.online || phone.fate !== undefined) return
    phone.seenAt = estate.now()
    if (device.deleting !== undefined) return end(device, 'wiped')
    applyPolicy(device)
    report(device)
    for (const o of device.operations.values()) if (!o.done && !begun.has(o)) begin(device, o)
  }
  const begun = new WeakSet<Operation>()

  function applyPolicy(device: Device): void {
    const { phone, resource, enterprise } = device
    const name = String(resource.policyName)
    const policy = enterprise.policies.get(name)
    if (policy === undefined) return
    const version = String(policy.version)
    resource.lastPolicySyncTime = isoOf(estate.now())
    if (phone.applied?.name !== name || phone.applied.version !== version) {
      phone.applied = { name, version, policy: structuredClone(policy) }
      line(device, 'applied', { policy: name, version })
    }
    install(phone, policy)
    resource.appliedPolicyName = name
    resource.appliedPolicyVersion = version
    if (resource.state === 'PROVISIONING') resource.state = 'ACTIVE'
  }
  function install(phone: Phone, policy: Resource): void {
    for (const app of (policy.applications ?? []) as Resource[]) {
      const name = String(app.packageName)
      const asked = String(app.installType)
      if (
        /^(FORCE_INSTALLED|REQUIRED_FOR_SETUP|KIOSK|PREINSTALLED)$/.test(asked) &&
        estate.published(name) &&
        !phone.apps.has(name)
      )
        phone.apps.set(name, { version: Math.max(systemVersion, Number(app.minimumVersionCode ?? 0)), by: 'policy' })
      if (asked === 'BLOCKED' && phone.apps.get(name)?.by === 'policy') phone.apps.delete(name)
    }
  }

  function report(device: Device): void {
    const { phone, resource } = device
    const policy = phone.applied?.policy ?? {}
    const details = phone.applied ? judge(policy, phone, estate.published) : []
    const lost = phone.lost ? 'LOST' : undefined
    if (lost) resource.state = lost
    else if (resource.state === 'LOST') resource.state = 'ACTIVE'
    Object.assign(resource, statusReport(phone, (policy.statusReportingSettings ?? {}) as Resource, estate.now()), {
      appliedState: resource.state,
      policyCompliant: phone.applied !== undefined && details.length === 0,
      nonComplianceDetails: details,
      lastStatusReportTime: isoOf(estate.now()),
    })
    estate.notify(device.enterprise, 'STATUS_REPORT', resource)
  }

  function begin(device: Device, o: Operation): void {
    begun.add(o)
    const { habits } = device.phone
    if (estate.draw() < habits.silent)
      return later(device, Math.max(0, o.until - estate.now()) + 1, () => expire(device, o))
    later(device, about(habits.commandMs), () => finish(device, o))
  }
  function finish(device: Device, o: Operation): void {
    const { phone } = device
    if (o.done || phone.fate !== undefined) return
    if (!phone.online) return void begun.delete(o)
    if (o.until <= estate.now()) return expire(device, o)
    const answer = estate.draw() < phone.habits.fail ? failedByItself() : carryOut(phone, o.command, estate.now())
    if (answer.failed === undefined) phone.done.push(o.name)
    conclude(device, o, answer)
  }
  function conclude(device: Device, o: Operation, answer: Done): void {
    Object.assign(o.command, answer.said)
    o.done = true
    if (answer.failed !== undefined)
      o.error = { code: rpcNumbers.FAILED_PRECONDITION, message: `The command failed: ${answer.failed}.` }
    const type = String(o.command.type)
    line(device, answer.failed === undefined ? 'executed' : 'failed', { operation: o.name, type })
    estate.notify(device.enterprise, 'COMMAND', operationResource(o))
    if (estate.draw() < device.phone.habits.repeat) estate.notify(device.enterprise, 'COMMAND', operationResource(o))
    if (answer.fate !== undefined) return leave(device, answer.fate)
    report(device)
    if (type === 'START_LOST_MODE' && device.phone.lost) tellPlace(device)
  }
  /** A lost phone tells where it is, by itself. */
  function tellPlace(device: Device): void {
    const at = isoOf(estate.now())
    const location = { latitude: 52 + estate.draw(), longitude: 13 + estate.draw() }
    const event = { eventId: estate.word(10), eventTime: at, eventType: 'LOST_MODE_LOCATION' }
    estate.notify(device.enterprise, 'USAGE_LOGS', {
      device: device.name,
      retrievalTime: at,
      usageLogEvents: [{ ...event, lostModeLocationEvent: { location, batteryLevel: 64 } }],
    })
  }
  /** It has answered; then its work goes, and after that the last word is said. */
  function leave(device: Device, fate: 'wiped' | 'released'): void {
    device.phone.fate = fate
    later(device, lastWordMs, () => end(device, fate))
  }
  function expire(device: Device, o: Operation): void {
    if (o.done) return
    o.done = true
    o.error = { code: rpcNumbers.DEADLINE_EXCEEDED, message: 'The command expired before the device executed it.' }
    line(device, 'expired', { operation: o.name, type: String(o.command.type) })
    estate.notify(device.enterprise, 'COMMAND', operationResource(o))
  }

  /** The last report, in which alone a device is DELETED; then it is known no more. */
  function end(device: Device, fate: 'wiped' | 'released'): void {
    const { phone, resource } = device
    phone.fate = fate
    line(device, fate)
    Object.assign(resource, { state: 'DELETED', appliedState: 'DELETED', lastStatusReportTime: isoOf(estate.now()) })
    forget(device)
    estate.notify(device.enterprise, 'STATUS_REPORT', resource)
    stop(device)
  }
  function stop(device: Device): void {
    for (const timer of timers.get(device) ?? []) clearTimeout(timer)
    timers.delete(device)
    waiting.delete(device)
  }

  return {
    lines,
    all,
    ring,
    sync,
    enrol(model, value, how, habits) {
      const { enterprise, token } = spendToken(estate, value)
      const { allowPersonalUsage, additionalData, name: enrollmentTokenName, policyName } = token.resource
      const barred = String(allowPersonalUsage ?? '').startsWith('PERSONAL_USAGE_DISALLOWED')
      if (how === 'work-profile' && barred)
        throw new ApiError('FAILED_PRECONDITION', 'Personal usage is disallowed: a work profile cannot be set up.')
      const setUp: SetUp =
        how === 'work-profile'
          ? 'personal-profile'
          : allowPersonalUsage === 'PERSONAL_USAGE_ALLOWED'
            ? 'company-profile'
            : 'fully-managed'
      const phone = newPhone(model, setUp, habits)
      const name = `${enterprise.name}/devices/${BigInt(`0x${model.esid}`).toString(16)}${estate.word(6).toLowerCase()}`
      const owned = `${enterprise.name} ${model.serial}`
      const before = known.get(owned) ?? []
      const user = `${enterprise.name}/users/${estate.word(10)}`
      const userless = allowPersonalUsage === 'PERSONAL_USAGE_DISALLOWED_USERLESS'
      const resource: Resource = {
        name,
        ...identityReport(phone),
        state: 'PROVISIONING',
        appliedState: 'PROVISIONING',
        enrollmentTime: isoOf(estate.now()),
        lastStatusReportTime: isoOf(estate.now()),
        enrollmentTokenName,
        enrollmentTokenData: additionalData,
        policyName,
        ...(userless ? {} : { userName: user, user: { accountIdentifier: estate.word(16) } }),
        previousDeviceNames: before.map((d) => d.name),
      }
      const device: Device = { name, enterprise, phone, resource, operations: new Map() }
      enterprise.devices.set(name, device)
      all.add(device)
      known.set(owned, [...before, device])
      line(device, 'enrolled')
      estate.notify(enterprise, 'ENROLLMENT', resource)
      ring(device)
      return device
    },
    leave(device) {
      device.phone.fate = 'removed'
      line(device, 'removed')
      stop(device)
    },
    close() {
      closed = true
      for (const device of timers.keys()) for (const timer of timers.get(device) ?? []) clearTimeout(timer)
    },
  }
}
