/** What a fleet that is run by hand can be told, once for both commands that take it (`muster fleet`, `muster-fleet`). It loads nothing of the devices. */
import fs from 'node:fs'
import { ownerships } from '@muster/contract'
import { type Preset, presets, type Rates } from './behaviour.ts'
import type { FleetOptions } from './options.ts'

export interface FleetFlag {
  readonly name: string
  /** What stands behind it; absent: it stands alone. */
  readonly value?: string
  readonly says: string
  readonly choices?: readonly string[]
  readonly default?: string
  /** May be said more than once. */
  readonly many?: true
}

export const fleetFlags: readonly FleetFlag[] = [
  { name: 'devices', value: 'N', says: 'how many' },
  { name: 'platform', value: 'ID', says: 'what they are', default: 'linux' },
  { name: 'ownership', value: 'KIND', says: 'whose they are', choices: ownerships, default: 'cope' },
  { name: 'seed', value: 'TEXT', says: 'the same seed makes the same devices with the same habits', default: 'muster' },
  { name: 'duration', value: 'TIME', says: 'how long they live once enrolled: 30s, 10m; without it until interrupted' },
  { name: 'preset', value: 'WORD', says: 'their habits', choices: Object.keys(presets), default: 'usual' },
  {
    name: 'rate',
    value: 'NAME=CHANCE',
    says: `one habit by itself, repeatable: ${Object.keys(presets.calm).join(', ')}`,
    many: true,
  },
  { name: 'polling', says: 'no long polls' },
  { name: 'poll', value: 'SECONDS', says: 'between polls, instead of what the server says' },
  { name: 'codes', value: 'FILE', says: 'enrolment codes, one a line, instead of asking for them' },
  { name: 'leave', value: 'SHARE', says: 'share of them that say farewell in the end: 0.1' },
  { name: 'record', value: 'FILE', says: 'append what happens in the devices, one JSON object a line' },
  { name: 'state', value: 'FILE', says: 'keep the devices for the next run' },
  {
    name: 'google',
    value: 'PORT',
    says: 'stand in for Google’s services there: every second Android device is a phone with them',
  },
  { name: 'google-key', value: 'FILE', says: 'the key of its service account', default: 'fleet-google.json' },
]

export type FlagValues = { readonly [name: string]: string | boolean | readonly string[] | undefined }
export type FlagOptions = Omit<FleetOptions, 'server' | 'client' | 'invite'>
/** Where somebody stands in for Google. */
export interface GoogleFlags {
  readonly port: number
  readonly keyFile: string
  readonly seed: string
}

/** By the flags' names. Throws TypeError for what cannot be read. */
export function readFlags(v: FlagValues): { options: FlagOptions; google?: GoogleFlags } {
  const text = (name: string) => (typeof v[name] === 'string' ? v[name] : undefined)
  const number = (name: string) => {
    const said = text(name)
    return said === undefined ? undefined : numberOf(`--${name}`, said)
  }
  const duration = text('duration')
  const codes = text('codes')
  const port = number('google')
  const seed = text('seed') ?? ''
  const options: FlagOptions = {
    devices: numberOf('--devices', text('devices') ?? ''),
    platform: text('platform') ?? '',
    ownership: oneOf('--ownership', ownerships, text('ownership')),
    seed,
    preset: oneOf('--preset', Object.keys(presets) as Preset[], text('preset')),
    rates: ratesOf(Array.isArray(v.rate) ? (v.rate as readonly string[]) : []),
    longPoll: v.polling !== true,
    durationS: duration === undefined ? undefined : secondsOf(duration),
    pollS: number('poll'),
    leave: number('leave'),
    record: text('record'),
    state: text('state'),
    ...(codes !== undefined && { codes: codesIn(codes) }),
  }
  return port === undefined ? { options } : { options, google: { port, keyFile: text('google-key') ?? '', seed } }
}

function oneOf<T extends string>(name: string, all: readonly T[], said: string | undefined): T {
  const found = all.find((one) => one === said)
  if (found === undefined) throw new TypeError(`${name} is one of ${all.join(', ')}: ${said}`)
  return found
}

function numberOf(name: string, said: string): number {
  const n = Number(said)
  if (said.trim() === '' || !Number.isFinite(n) || n < 0) throw new TypeError(`${name} is a number: ${said}`)
  return n
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
/** `30s`, `10m`; a number alone is seconds. */
function secondsOf(said: string): number {
  const read = /^(\d{1,7}(?:\.\d{1,3})?)([smhd]?)$/.exec(said)
  if (!read) throw new TypeError(`--duration is a length of time like 30s, 10m or 2h: ${said}`)
  return Number(read[1]) * (units[read[2] || 's'] ?? 1)
}

function ratesOf(said: readonly string[]): Partial<Rates> {
  return Object.fromEntries(
    said.map((one) => one.split('=', 2)).map(([name = '', chance = '']) => [name, numberOf(`--rate ${name}`, chance)]),
  )
}

function codesIn(file: string): string[] {
  try {
    return fs.readFileSync(file, 'utf8').split(/\s+/).filter(Boolean)
  } catch (e) {
    throw new TypeError(`--codes cannot be read: ${e instanceof Error ? e.message : String(e)}`)
  }
}
