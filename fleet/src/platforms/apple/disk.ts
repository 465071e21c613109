/** What a simulated Apple device keeps over a restart: JSON and nothing else. */
import type { Json, JsonObject } from '@muster/contract'
import { type Deed, emptyMemory, type Memory } from '../../deeds.ts'
import type { Standing } from '../../platform.ts'
import type { Automated } from './automated.ts'
import type { Enrolment } from './enrolment-profile.ts'
import type { Model } from './model.ts'

/** Whom a message is of: the device itself, or the user who has signed in on it. */
export type Party = 'device' | 'user'

export interface Command extends Deed {
  /** The Command dictionary. */
  readonly request: JsonObject
  readonly party: Party
}

export interface InstalledProfile {
  readonly identifier: string
  readonly uuid: string
  readonly name: string
  readonly organisation?: string
  readonly removable: boolean
  readonly payloads: readonly JsonObject[]
  readonly party: Party
  /** DER of its signer, base64. */
  readonly signer?: string
  /** Brought by a declaration, of this identifier. */
  readonly declaration?: string
}
export interface App {
  readonly identifier: string
  readonly name: string
  readonly version: string
  readonly bytes: number
  readonly managed: boolean
  readonly configuration?: Json
}
/** What the device has of one declaration. */
export interface Declared {
  readonly kind: string
  readonly token: string
  readonly type: string
  readonly payload: JsonObject
  readonly active: boolean
  readonly valid: 'valid' | 'invalid' | 'unknown'
  readonly reasons?: readonly JsonObject[]
}
export interface World {
  name: string
  osVersion: string
  passcode: boolean
  locked: boolean
  lost?: { message: string; phone: string }
  wiped?: boolean
  recoveryLock?: string
  settings: { [item: string]: Json }
  restarts: number
  updating?: string
}

export interface Disk {
  readonly no: number
  standing: Standing
  enrolment?: Enrolment
  /** It came out of the box. */
  automated?: Automated
  /** What its person's sign-in gave; shown with every message. */
  token?: string
  /** PEM. */
  key?: string
  certificate?: string
  authenticated?: boolean
  /** Push addresses, hex. */
  tokens: { device: string; user?: string }
  magic: string
  /** The server has this push address of each. */
  told: { device?: string; user?: string }
  /** It was told to go on with its setup. */
  configured: boolean
  /** CheckOut is still to be said. */
  goodbye: boolean
  /** When it comes by itself, for what it put off (ms). */
  comeAt?: number
  profiles: InstalledProfile[]
  apps: App[]
  world: World
  changes: number
  reports: number
  memory: Memory<Command>
  /** What was asked under an id whose end the server has not heard. */
  asked: { [id: string]: { type: string; party: Party } }
  declarative?: { token: string; items: { [identifier: string]: Declared }; due: boolean; tell: boolean }
  /** A new identity that the last profile brought. PEM. */
  next?: { enrolment: Enrolment; key: string; certificate: string }
}

export function newDisk(no: number, m: Model, tokens: Disk['tokens'], magic: string): Disk {
  return {
    no,
    standing: 'new',
    tokens,
    magic,
    told: {},
    configured: !m.awaits,
    goodbye: false,
    profiles: [],
    apps: builtIn(m),
    world: { name: m.deviceName, osVersion: m.os, passcode: true, locked: false, settings: {}, restarts: 0 },
    changes: 0,
    reports: 0,
    memory: emptyMemory(),
    asked: {},
  }
}

/** A Mac tells of some hundred programs, a phone of few. */
function builtIn(m: Model): App[] {
  const n = m.family === 'mac' ? 110 : m.family === 'tv' ? 3 : 24
  return Array.from({ length: n }, (_, i) => ({
    identifier: `com.example.app${i}`,
    name: `App ${i}`,
    version: `${1 + (i % 7)}.${i % 10}`,
    bytes: 1_000_000 * (1 + ((i * 37) % 400)),
    managed: false,
  }))
}
