/** What each operation does to a simulated Linux device, and what it answers: as the real agent does, with the same reasons where it cannot. */
import {
  deviceDisenrol,
  deviceLocate,
  deviceLock,
  deviceMessage,
  deviceReboot,
  deviceRing,
  deviceShutdown,
  deviceWipe,
  deviceWipeCorporate,
  type JsonObject,
  logsCollect,
  scriptRun,
  serviceRestart,
} from '@muster/contract'
import type { Machine, SimulatedOperation } from '../../agent-channel/index.ts'
import { logOf, noted } from './log.ts'
import { runScript } from './script.ts'
import { packageOperations, versionOf } from './software.ts'

const minuteMs = 60_000
const cannot = (text: string) => ({ code: 'not-applicable', text })
const sessionsOf = (m: Machine) => (m.identity.traits.packages === 'desktop' ? 1 : 0)

/** Service to the package that brings it. */
const services: { readonly [name: string]: string } = {
  cron: 'cron',
  ssh: 'openssh-server',
  sshd: 'openssh-server',
  rsyslog: 'rsyslog',
  nginx: 'nginx',
  cups: 'cups',
  gdm: 'gdm3',
  NetworkManager: 'network-manager',
  'systemd-timesyncd': 'systemd-timesyncd',
  'systemd-logind': 'systemd',
  dbus: 'dbus',
  fail2ban: 'fail2ban',
  postgresql: 'postgresql-common',
  nftables: 'nftables',
}
const serviceOf = (name: unknown) => String(name).replace(/\.service$/, '')

function power(to: 'restart' | 'off', params: JsonObject, m: Machine) {
  // shutdown(8) counts in minutes; at least one, so that the result is told before.
  const at = m.now + Math.max(1, Number(params.delayMinutes)) * minuteMs
  noted(
    m,
    'systemd-logind',
    `System is ${to === 'off' ? 'powering down' : 'rebooting'} at ${new Date(at).toISOString()}`,
  )
  return { result: { at: new Date(at).toISOString() }, power: { to, at } }
}

/** Where what Muster put would lie. */
const placesOf = (m: Machine) => Object.keys(m.settings).map((feature) => `/etc/muster/${feature}`)

const own: readonly SimulatedOperation[] = [
  {
    words: deviceMessage,
    act(params, m) {
      noted(m, 'wall', `message shown: ${String(params.text).slice(0, 80).replaceAll(/\s+/g, ' ')}`)
      return { result: { shownTo: sessionsOf(m) } }
    },
  },
  {
    words: deviceLock,
    act(_, m) {
      m.world.locked = sessionsOf(m) > 0
      noted(m, 'systemd-logind', 'Locking sessions.')
      return { result: { sessions: sessionsOf(m) } }
    },
  },
  {
    words: deviceRing,
    refusal: (_, m) =>
      m.identity.traits.sound === false
        ? cannot('This device has nothing that makes a sound (neither aplay with a sound card nor beep).')
        : undefined,
    act: () => ({ result: { by: 'loudspeaker' } }),
  },
  { words: deviceReboot, act: (params, m) => power('restart', params, m) },
  { words: deviceShutdown, act: (params, m) => power('off', params, m) },
  {
    words: deviceLocate,
    refusal: (_, m) =>
      m.identity.traits.position === null || versionOf(m, 'geoclue-2.0') === undefined
        ? cannot('This device has no source of positions (geoclue with where-am-i).')
        : undefined,
    act(_, m) {
      const { latitude, longitude } = m.identity.traits.position as { latitude: number; longitude: number }
      // It moves a little with each change, some hundred metres at most.
      const step = ((m.changes * 37) % 11) / 10_000
      return {
        result: {
          latitude: Math.round((latitude + step) * 1e6) / 1e6,
          longitude: Math.round((longitude - step) * 1e6) / 1e6,
          accuracyM: 25 + ((m.changes * 13) % 200),
          source: 'geoclue',
          at: new Date(m.now).toISOString(),
        },
      }
    },
  },
  {
    words: serviceRestart,
    refusal({ service }, m) {
      const name = serviceOf(service)
      const brings = services[name]
      return brings !== undefined && versionOf(m, brings) !== undefined
        ? undefined
        : { code: 'unknown-service', text: `There is no service ${name} on this device.` }
    },
    act({ service }, m) {
      noted(m, 'systemd', `Started ${serviceOf(service)}.service.`)
      return { result: { state: 'active' } }
    },
  },
  {
    words: scriptRun,
    act(params, m) {
      const ran = runScript(String(params.script), String(params.interpreter), m)
      noted(m, 'muster-agent', `script ended with exit code ${ran.exitCode}`)
      if (ran.exitCode === 0) return { result: ran }
      const text = `The script ended with exit code ${ran.exitCode}.`
      return { failed: { code: 'exit-code', text, result: ran } }
    },
  },
  {
    words: logsCollect,
    refusal: ({ source, unit }, m) =>
      source === 'unit' &&
      services[serviceOf(unit)] === undefined &&
      logOf(m, { source, unit: unit ?? '' }).length === 0
        ? cannot('This device keeps no such log.')
        : undefined,
    act(params, m) {
      const all = logOf(m, params)
      const kept = all.slice(-Number(params.lines))
      return {
        result: {
          text: kept.map((l) => `${l}\n`).join(''),
          lines: kept.length,
          truncated: kept.length < all.length,
        },
      }
    },
  },
  {
    words: deviceWipeCorporate,
    act: (_, m) => ({ result: { removed: placesOf(m) }, leaves: 'corporate wipe' }),
  },
  {
    words: deviceWipe,
    refusal: (_, m) =>
      m.ownership === 'byod'
        ? { code: 'wipe-byod', text: 'This device was enrolled as personally owned. It is never wiped whole.' }
        : undefined,
    act(_, m) {
      m.world.wiped = true
      return { result: { begins: true }, leaves: 'wipe' }
    },
  },
  { words: deviceDisenrol, act: () => ({ result: {}, leaves: true }) },
]

export const operations: ReadonlyMap<string, SimulatedOperation> = new Map(
  [...own, ...packageOperations].map((o) => [o.words.id, o]),
)
