/** What each operation does to a simulated Android device, and what it answers: as docs/platforms/android-agent.md asks of a real agent. */
import { createHash } from 'node:crypto'
import {
  androidOperation,
  androidOperationMeans,
  androidRefusal,
  androidStand,
  deviceDisenrol,
  deviceLocate,
  deviceLock,
  deviceLostModeDisable,
  deviceLostModeEnable,
  deviceMessage,
  deviceMute,
  devicePasscodeClear,
  devicePasscodeSet,
  deviceReboot,
  deviceRing,
  deviceShutdown,
  deviceWipe,
  deviceWipeCorporate,
  type JsonObject,
  logsCollect,
  type OperationDescriptor,
} from '@muster/contract'
import type { Effect, Machine, SimulatedOperation } from '../../agent-channel/index.ts'
import type { Fault } from '../../deeds.ts'
import { management } from './identity.ts'

const cannot = (code: string, text: string): Fault => ({ code, text })
const minuteMs = 60_000

export function standOf(m: Pick<Machine, 'identity' | 'ownership'>) {
  return androidStand({ ...m.identity.facts, ...management(m) })
}
export const appsOf = (m: Machine): Record<string, number> => m.world.apps as Record<string, number>

/** Asked first: whether this Android, as it is managed, can do it at all. */
function simulated(
  words: OperationDescriptor,
  act: (params: JsonObject, m: Machine) => Effect,
  refusal?: (params: JsonObject, m: Machine) => Fault | undefined,
): SimulatedOperation {
  const means = androidOperationMeans[words.id]
  if (!means) throw new Error(`nothing says how an agent does ${words.id}`)
  return { words, act, refusal: (params, m) => androidRefusal(means, standOf(m)) ?? refusal?.(params, m) }
}

function noted(m: Machine, tag: string, text: string): void {
  const log = m.world.log as string[]
  log.push(`${new Date(m.now).toISOString()} ${tag}: ${text}`)
  if (log.length > 50) log.shift()
}

function power(to: 'restart' | 'off', params: JsonObject, m: Machine): Effect {
  const at = m.now + Math.max(1, Number(params.delayMinutes)) * minuteMs
  noted(m, 'power', `${to} at ${new Date(at).toISOString()}`)
  return { result: { at: new Date(at).toISOString() }, power: { to, at } }
}

const device: readonly SimulatedOperation[] = [
  simulated(deviceMessage, (params, m) => {
    noted(m, 'message', String(params.text).slice(0, 80).replaceAll(/\s+/g, ' '))
    return { result: { shownTo: 1 } }
  }),
  simulated(
    deviceLock,
    (_, m) => {
      m.world.locked = true
      return { result: { sessions: 1 } }
    },
    (_, m) =>
      standOf(m).owner === 'A'
        ? cannot('not-permitted', 'Its user has not activated the device administrator.')
        : undefined,
  ),
  simulated(deviceRing, () => ({ result: { by: 'alarm' } })),
  simulated(deviceMute, (params, m) => {
    m.world.muted = params.muted === true
    return { result: {} }
  }),
  simulated(
    deviceLocate,
    (_, m) => {
      const { latitude, longitude } = m.identity.traits.position as { latitude: number; longitude: number }
      const step = ((m.changes * 37) % 11) / 10_000
      return {
        result: {
          latitude: Math.round((latitude + step) * 1e6) / 1e6,
          longitude: Math.round((longitude - step) * 1e6) / 1e6,
          accuracyM: 8 + ((m.changes * 13) % 60),
          source: 'fused',
          at: new Date(m.now).toISOString(),
        },
      }
    },
    (_, m) =>
      m.identity.traits.position === null ? cannot('no-position', 'No position within 60 seconds.') : undefined,
  ),
  simulated(deviceReboot, (params, m) => power('restart', params, m)),
  simulated(deviceShutdown, (params, m) => power('off', params, m)),
  simulated(
    devicePasscodeClear,
    (_, m) => {
      m.world.passcode = false
      return { result: {}, tell: ['security'] }
    },
    (_, m) =>
      m.settings.passcode ? cannot('passcode-required', 'A policy demands a passcode: change it instead.') : undefined,
  ),
  simulated(
    devicePasscodeSet,
    (params, m) => {
      m.world.passcode = true
      if (params.lockNow === true) m.world.locked = true
      return { result: {}, tell: ['security'] }
    },
    (params, m) =>
      String(params.passcode).length < Number(m.settings.passcode?.minLength ?? 4)
        ? cannot('passcode-too-weak', 'The rules in force do not let it.')
        : undefined,
  ),
  simulated(deviceLostModeEnable, (_, m) => {
    m.world.lost = true
    return { result: {}, tell: ['security'] }
  }),
  simulated(deviceLostModeDisable, (_, m) => {
    m.world.lost = false
    return { result: {}, tell: ['security'] }
  }),
  simulated(
    logsCollect,
    (params, m) => {
      const all = m.world.log as string[]
      const kept = all.slice(-Number(params.lines))
      const text = kept.map((l) => `${l}\n`).join('')
      return { result: { text, lines: kept.length, truncated: kept.length < all.length } }
    },
    ({ source }) =>
      source === 'kernel' ? cannot('not-applicable', 'Android lets no app read the kernel’s log.') : undefined,
  ),
  simulated(deviceWipeCorporate, (_, m) => ({
    result: { removed: standOf(m).owner === 'D' ? Object.keys(m.settings) : ['work profile'] },
    leaves: 'corporate wipe',
  })),
  simulated(
    deviceWipe,
    (_, m) => {
      m.world.wiped = true
      return { result: { begins: true }, leaves: 'wipe' }
    },
    (_, m) =>
      m.ownership === 'byod'
        ? cannot('wipe-byod', 'This device was enrolled as personally owned. It is never wiped whole.')
        : undefined,
  ),
  simulated(deviceDisenrol, () => ({ result: {}, leaves: true })),
]

/** Without asking as device owner only. */
const needsUser = (params: JsonObject, m: Machine) =>
  standOf(m).owner !== 'D' && params.askUser !== true
    ? cannot('needs-user', 'On this device its user must be asked, and the operation does not permit it.')
    : undefined
/** What a file holds is not fetched here: its version follows from its hash. */
const versionIn = (params: JsonObject) => {
  const [first] = params.files as { sha256: string }[]
  return 1 + (Number.parseInt(first?.sha256.slice(0, 6) ?? '0', 16) % 1000)
}
function installs(params: JsonObject, m: Machine): Effect {
  const packageName = String(params.packageName)
  const versionCode = Math.max(versionIn(params), appsOf(m)[packageName] ?? 0)
  appsOf(m)[packageName] = versionCode
  noted(m, 'packages', `installed ${packageName}`)
  return { result: { packageName, versionCode, asked: standOf(m).owner !== 'D' }, tell: ['software'] }
}

const apps: readonly SimulatedOperation[] = [
  simulated(androidOperation.appInstall, installs, needsUser),
  simulated(androidOperation.appUpdate, installs, (params, m) =>
    appsOf(m)[String(params.packageName)] === undefined
      ? cannot('not-installed', 'The app is not on the device.')
      : needsUser(params, m),
  ),
  simulated(
    androidOperation.appRemove,
    ({ packageName: name }, m) => {
      const packageName = String(name)
      const removed = delete appsOf(m)[packageName]
      return { result: { packageName, removed }, tell: ['software'] }
    },
    needsUser,
  ),
  simulated(androidOperation.appList, (_, m) => ({
    result: { apps: Object.keys(appsOf(m)).length },
    tell: ['software'],
  })),
  simulated(androidOperation.appSuspend, (params, m) => {
    const named = params.packages as string[]
    const there = named.filter((p) => appsOf(m)[p] !== undefined && p !== 'org.muster.agent')
    const others = (m.world.suspended as string[]).filter((p) => !there.includes(p))
    m.world.suspended = params.suspended === true ? [...others, ...there] : others
    return { result: { failed: named.filter((p) => !there.includes(p)) } }
  }),
  simulated(androidOperation.appClear, (params, m) => ({
    result: { failed: (params.packages as string[]).filter((p) => appsOf(m)[p] === undefined) },
  })),
  simulated(androidOperation.webClipAdd, (params, m) => {
    ;(m.world.clips as JsonObject)[String(params.id)] = String(params.url)
    return { result: { asked: standOf(m).owner !== 'D' } }
  }),
  simulated(androidOperation.webClipRemove, (params, m) => {
    delete (m.world.clips as JsonObject)[String(params.id)]
    return { result: {} }
  }),
]

type Files = Record<string, { bytes: number; sha256: string }>
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
/** What a simulated file holds follows from its path. */
const contentOf = (path: string) => `content of ${path}\n`

const others: readonly SimulatedOperation[] = [
  simulated(
    androidOperation.filePut,
    (params, m) => {
      const bytes = Number.parseInt(String(params.sha256).slice(0, 5), 16)
      ;(m.world.files as Files)[String(params.path)] = { bytes, sha256: String(params.sha256) }
      return { result: { bytes } }
    },
    (params, m) =>
      (m.world.files as Files)[String(params.path)] && params.replace !== true
        ? cannot('file-exists', 'There is a file of that name.')
        : undefined,
  ),
  simulated(
    androidOperation.fileGet,
    (params) => {
      const text = contentOf(String(params.path))
      const told = { bytes: Buffer.byteLength(text), sha256: sha256(text) }
      return {
        result: params.uploadUrl === undefined ? { ...told, content: Buffer.from(text).toString('base64') } : told,
      }
    },
    (params, m) =>
      (m.world.files as Files)[String(params.path)] ? undefined : cannot('file-missing', 'There is no such file.'),
  ),
  simulated(androidOperation.encrypt, () => ({ result: { status: 'active-per-user' }, tell: ['security'] })),
  simulated(
    androidOperation.systemUpdate,
    (_, m) => {
      const build = String(buildOf(m))
      m.world.build = Number(m.world.build) + 1
      return { result: { build, restarts: true }, power: { to: 'restart', at: m.now + minuteMs } }
    },
    (params, m) =>
      batteryOf(m) < Number(params.minimumBatteryPercent)
        ? cannot('battery-low', `The battery is at ${batteryOf(m)} %.`)
        : undefined,
  ),
  simulated(androidOperation.bugReport, (_, m) => ({
    result: { bytes: 5_000_000 + m.changes, sha256: sha256(`${m.identity.name} ${m.changes}`) },
  })),
  simulated(androidOperation.knoxFirmware, () => ({ result: { scheduled: true } })),
]

export function buildOf(m: Machine): string {
  const level = Number(m.identity.facts['android.apiLevel'])
  return `SIM${level}.${260_101 + Number(m.world.build)}.001`
}
export const batteryOf = (m: Machine): number =>
  m.identity.traits.battery === true ? 100 - ((m.changes * 3) % 90) : 100

export const operations: ReadonlyMap<string, SimulatedOperation> = new Map(
  [...device, ...apps, ...others].map((o) => [o.words.id, o]),
)
