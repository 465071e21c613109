/** Policy features about who signs in and as whom, with the evidence that the real agent gives: banner, SSH, passwords, sudo, screen lock. */
import {
  type Json,
  type JsonObject,
  linuxBanner,
  linuxScreenLock,
  linuxSsh,
  linuxSudoers,
  passcode,
} from '@muster/contract'
import type { SimulatedFeature } from '../../agent-channel/index.ts'

export const banner: SimulatedFeature = {
  id: linuxBanner.id,
  settings: linuxBanner.settings,
  evidence(inForce, m) {
    const { 'os.name': name, 'os.version': version } = m.identity.facts
    const originals = { console: `${name} ${version} \\n \\l\n`, network: `${name} ${version}\n`, motd: null }
    const where = Array.isArray(inForce?.where) ? inForce.where : []
    const ours = `${String(inForce?.text).trimEnd()}\n`
    return Object.fromEntries(
      Object.entries(originals).map(([place, original]) => [place, where.includes(place) ? ours : original]),
    )
  },
  drift: (inForce, roll) => ({ ...inForce, text: `Welcome to room ${Math.floor(roll * 1000)}` }),
}

const sshStandards: JsonObject = {
  permitRootLogin: 'prohibit-password',
  passwordAuthentication: true,
  permitEmptyPasswords: false,
  maxAuthTries: 6,
  loginGraceTimeS: 120,
  clientAliveIntervalS: 0,
  x11Forwarding: false,
  allowTcpForwarding: true,
  banner: false,
}
export const ssh: SimulatedFeature = {
  id: linuxSsh.id,
  settings: linuxSsh.settings,
  evidence(inForce): JsonObject {
    const set = Object.fromEntries(Object.entries(inForce ?? {}).filter(([, v]) => v !== undefined))
    const sources = Object.fromEntries(Object.keys(set).map((name) => [name, '/etc/ssh/sshd_config.d/00-muster.conf']))
    return { values: { ...sshStandards, ...set }, sources, matched: [] }
  },
  drift(inForce, roll) {
    const names = Object.keys(inForce).filter((n) => inForce[n] !== undefined)
    const name = names[Math.floor(roll * names.length)] ?? 'x11Forwarding'
    return { ...inForce, [name]: other(inForce[name]) }
  },
  refuses: (identity) =>
    identity.traits.sshServer === false ? 'No SSH server is configured on this device.' : undefined,
}
function other(value: Json | undefined): Json {
  if (typeof value === 'boolean') return !value
  if (typeof value === 'number') return value + 1
  return value === 'yes' ? 'no' : 'yes'
}

const passcodeStandards: JsonObject = { minLength: 8, minClasses: 0, maxAgeDays: 0, history: 10, maxFailedAttempts: 3 }
export const passwords: SimulatedFeature = {
  id: passcode.id,
  settings: passcode.settings,
  evidence: (inForce) => ({
    values: { ...passcodeStandards, ...inForce },
    pam: { quality: true, history: true, lock: true },
  }),
  drift: (inForce, roll) => ({ ...inForce, minLength: 1 + Math.floor(roll * 3) }),
}

/** Somebody writes a line of their own into the file: it is no longer exactly ours. */
export const sudoers: SimulatedFeature = {
  id: linuxSudoers.id,
  settings: linuxSudoers.settings,
  evidence: (inForce) => ({ rules: inForce?.rules ?? [], included: true, exact: inForce?.edited !== true }),
  drift: (inForce) => ({ ...inForce, edited: true }),
}

export const screenLock: SimulatedFeature = {
  id: linuxScreenLock.id,
  settings: linuxScreenLock.settings,
  evidence: (inForce) => ({
    values: inForce
      ? { idleDelayS: inForce.idleDelayS ?? null, lockDelayS: inForce.lockDelayS ?? null, lockEnabled: true }
      : { idleDelayS: null, lockEnabled: null, lockDelayS: null },
    conflicting: [],
    locked: inForce !== undefined,
    asked: inForce !== undefined,
  }),
  drift: (inForce, roll) => ({ ...inForce, idleDelayS: 7200 + Math.floor(roll * 1000) }),
  refuses: (identity) =>
    identity.traits.packages === 'server' ? 'This device has no desktop that keeps its settings in dconf.' : undefined,
}
