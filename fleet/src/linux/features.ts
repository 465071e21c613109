/** Policy features of simulated Linux devices: the same evidence that the real agent gives, from settings that exist in memory alone. */
import { type Json, type JsonObject, linuxBanner, linuxSsh, passcode } from '@muster/contract'
import type { SimulatedFeature } from '../simulator.ts'

const placesOfBanner = {
  console: 'Debian GNU/Linux 12 \\n \\l\n',
  network: 'Debian GNU/Linux 12\n',
  motd: null,
} as const

const banner: SimulatedFeature = {
  id: linuxBanner.id,
  settings: linuxBanner.settings,
  evidence(inForce) {
    const where = Array.isArray(inForce?.where) ? inForce.where : []
    return Object.fromEntries(
      Object.entries(placesOfBanner).map(([place, original]) => [
        place,
        where.includes(place) ? `${String(inForce?.text).trimEnd()}\n` : original,
      ]),
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
const ssh: SimulatedFeature = {
  id: linuxSsh.id,
  settings: linuxSsh.settings,
  evidence(inForce, identity): JsonObject {
    const why = this.refuses?.(identity)
    if (why !== undefined) return { applicable: false, why }
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
const passwords: SimulatedFeature = {
  id: passcode.id,
  settings: passcode.settings,
  evidence: (inForce) => ({
    values: { ...passcodeStandards, ...inForce },
    pam: { quality: true, history: true, lock: true },
  }),
  drift: (inForce, roll) => ({ ...inForce, minLength: 1 + Math.floor(roll * 3) }),
}

export const features: ReadonlyMap<string, SimulatedFeature> = new Map([banner, ssh, passwords].map((f) => [f.id, f]))
