/** Configuration profiles on a simulated device: installed, replaced, removed, and refused as a device refuses them. */
import type { JsonObject } from '@muster/contract'
import type { Fault } from '../../deeds.ts'
import { type Machine, rights, type SimulatedCommand, wrong } from './command.ts'
import type { Disk, InstalledProfile, Party } from './disk.ts'
import { BadProfile, enrolmentIn, type ReadProfile, readProfile } from './enrolment-profile.ts'
import { bytesOf, isDict } from './plist.ts'

const failed = (text: string) => wrong('MCInstallationErrorDomain', 4001, `Profile Installation Failed: ${text}`)

type Range = readonly [low: number, high: number]
/** What devices look at in payloads that many profiles have (Apple, mobiledevice.passwordpolicy). */
const passwordRanges: Readonly<Record<string, Range>> = {
  minLength: [0, 16],
  minComplexChars: [0, 4],
  maxPINAgeInDays: [0, 730],
  pinHistory: [1, 50],
  maxFailedAttempts: [2, 11],
  maxInactivity: [0, 15],
}
const security = ['WEP', 'WPA', 'WPA2', 'WPA3', 'Any', 'None']

/** By payload type: what is wrong with it. */
const judges: Readonly<Record<string, (p: JsonObject) => string | undefined>> = {
  'com.apple.mobiledevice.passwordpolicy'(p) {
    for (const [key, [low, high]] of Object.entries(passwordRanges)) {
      const value = p[key]
      if (value !== undefined && (typeof value !== 'number' || value < low || value > high))
        return `The field ${key} is invalid.`
    }
    return undefined
  },
  'com.apple.wifi.managed'(p) {
    if (typeof p.SSID_STR !== 'string' && typeof p.HIDDEN_NETWORK !== 'boolean') return 'The network has no name.'
    if (p.EncryptionType !== undefined && !security.includes(String(p.EncryptionType)))
      return 'The field EncryptionType is invalid.'
    if (p.Password !== undefined && (typeof p.Password !== 'string' || p.Password.length < 8 || p.Password.length > 64))
      return 'The field Password is invalid.'
    return undefined
  },
  'com.apple.applicationaccess'(p) {
    for (const [key, value] of Object.entries(p))
      if (/^(allow|force)/.test(key) && typeof value !== 'boolean') return `The field ${key} is invalid.`
    return undefined
  },
  'com.apple.security.root': (p) => (bytesOf(p.PayloadContent) ? undefined : 'The certificate is missing.'),
  'com.apple.security.pkcs1': (p) => (bytesOf(p.PayloadContent) ? undefined : 'The certificate is missing.'),
  'com.apple.webClip.managed': (p) =>
    typeof p.URL === 'string' && typeof p.Label === 'string' ? undefined : 'The web clip has no address or no name.',
  'com.apple.mdm': () => undefined,
  'com.apple.security.scep': (p) =>
    isDict(p.PayloadContent) && typeof p.PayloadContent.URL === 'string' ? undefined : 'The address is missing.',
}

/** Throws BadProfile. */
export function judgedProfile(bytes: Uint8Array): ReadProfile {
  const read = readProfile(bytes)
  for (const payload of read.payloads) {
    const type = String(payload.PayloadType)
    if (!/^(com\.apple\.|\.GlobalPreferences$|loginwindow$)/.test(type) && !type.includes('.'))
      throw new BadProfile(`The payload ${type} is of an unknown type.`)
    const why = judges[type]?.(payload)
    if (why !== undefined) throw new BadProfile(`${type}: ${why}`)
  }
  return read
}

/** As it lies on the device from then on; one of the same identifier is replaced. */
export function put(disk: Disk, { profile, payloads, signer }: ReadProfile, party: Party, declaration?: string): void {
  const installed: InstalledProfile = {
    identifier: String(profile.PayloadIdentifier),
    uuid: String(profile.PayloadUUID),
    name: String(profile.PayloadDisplayName ?? ''),
    ...(typeof profile.PayloadOrganization === 'string' && { organisation: profile.PayloadOrganization }),
    removable: profile.PayloadRemovalDisallowed !== true,
    payloads,
    party,
    ...(signer && { signer: signer.toString('base64') }),
    ...(declaration !== undefined && { declaration }),
  }
  const others = disk.profiles.filter((p) => p.identifier !== installed.identifier || p.party !== party)
  disk.profiles = [...others, installed]
  if (payloads.some((p) => p.PayloadType === 'com.apple.mobiledevice.passwordpolicy' && p.forcePIN === true))
    disk.world.passcode = true
}

/** What the request carries, or why the device does not take it. */
function carried(request: JsonObject): { read: ReadProfile } | { fault: Fault } {
  const bytes = bytesOf(request.Payload)
  if (!bytes) return { fault: failed('There is no profile.') }
  try {
    return { read: judgedProfile(bytes) }
  } catch (error) {
    if (!(error instanceof BadProfile)) throw error
    return { fault: failed(error.message) }
  }
}

export const installProfile: SimulatedCommand = {
  repeatable: true,
  right: rights.profiles,
  refusal(request, { disk }) {
    const found = carried(request)
    if ('fault' in found) return found.fault
    const enrolment = enrolmentIn(found.read)
    if (!enrolment) return undefined
    // An enrolment profile may only renew the one that is there (Apple: the same Topic and ServerURL).
    if (enrolment.identifier !== disk.enrolment?.identifier || enrolment.topic !== disk.enrolment.topic)
      return failed('The device is already enrolled.')
    return disk.next ? undefined : failed('The identity could not be obtained.')
  },
  act(request, { disk, party }) {
    const found = carried(request)
    if ('fault' in found) return {}
    put(disk, found.read, party)
    if (enrolmentIn(found.read) && disk.next) {
      const { enrolment, key, certificate } = disk.next
      Object.assign(disk, { enrolment, key, certificate })
      delete disk.next
    }
    return {}
  },
}

const named = (request: JsonObject, { disk, party }: Machine) =>
  disk.profiles.find((p) => p.identifier === request.Identifier && p.party === party)

export const removeProfile: SimulatedCommand = {
  repeatable: true,
  right: rights.profiles,
  refusal: (request, m) =>
    named(request, m)
      ? undefined
      : wrong('MCProfileErrorDomain', 1013, `The profile “${String(request.Identifier)}” is not installed.`),
  act(request, m) {
    const { disk } = m
    const gone = named(request, m)
    disk.profiles = disk.profiles.filter((p) => p !== gone)
    // With the enrolment goes everything that it brought.
    if (gone?.identifier === disk.enrolment?.identifier) leave(disk)
    return {}
  },
}

/** The management ends: what it brought is gone, and the server is told where it asked for that. */
function leave(disk: Disk): void {
  disk.profiles = []
  disk.apps = disk.apps.filter((a) => !a.managed)
  delete disk.declarative
  if (disk.enrolment?.checksOut) disk.goodbye = true
  disk.standing = 'left'
}
