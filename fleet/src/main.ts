#!/usr/bin/env node
/** `muster-fleet`: runs a simulated fleet against a server, or checks a record of one against the server's history. */
import fs from 'node:fs'
import { argv, env, exit, stderr, stdout, versions } from 'node:process'
import { parseArgs } from 'node:util'
import { ownerships } from '@muster/contract'
import {
  type ApiClient,
  checkRecord,
  type FakeGoogle,
  type FleetOptions,
  type Preset,
  platforms,
  presets,
  type Rates,
  readHistory,
  readRecord,
  runFleet,
} from './index.ts'
import { standInForGoogle } from './stand-in.ts'

const help = `muster-fleet --server URL --devices N [options]     run a simulated fleet
muster-fleet check --server URL --record FILE        compare its record with the server's history

  --client ID:SECRET   API client that may invite devices (and, for check, read activities); or MUSTER_BOOTSTRAP_CLIENT
  --codes FILE         enrolment codes, one a line, instead of a client
  --platform NAME (default: linux; there are: ${[...platforms.keys()].join(', ')})
  --ownership cope          --seed TEXT (default: muster)
  --duration S         seconds to live once all are enrolled; without it until interrupted
  --preset calm|usual|rough (default: usual)           --rate NAME=CHANCE (repeatable: ${Object.keys(presets.calm).join(', ')})
  --polling            no long polls         --poll S  seconds between polls, instead of the server's
  --record FILE        append what happens in the devices, one JSON object a line
  --state FILE         keep the devices for the next run
  --leave SHARE        share of the devices that say farewell in the end
  --google PORT        stand in for Google's services there: every second Android device is a phone that has them
  --google-key FILE    its service account's key (default: fleet-google.json)
  --ca FILE            authority of the server's certificate (PEM)
  --json               print the report as one JSON object
  --quiet              no lines of progress
`

function read(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      server: { type: 'string' },
      devices: { type: 'string' },
      client: { type: 'string' },
      codes: { type: 'string' },
      platform: { type: 'string', default: 'linux' },
      ownership: { type: 'string', default: 'cope' },
      seed: { type: 'string', default: 'muster' },
      duration: { type: 'string' },
      preset: { type: 'string', default: 'usual' },
      rate: { type: 'string', multiple: true, default: [] },
      polling: { type: 'boolean', default: false },
      poll: { type: 'string' },
      record: { type: 'string' },
      state: { type: 'string' },
      leave: { type: 'string' },
      google: { type: 'string' },
      'google-key': { type: 'string', default: 'fleet-google.json' },
      ca: { type: 'string' },
      json: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
}
type Values = ReturnType<typeof read>['values']

/** Answers the exit code: 0 well, 1 violations or no device, 2 wrong usage. */
async function main(): Promise<number> {
  if (Number.parseInt(versions.node, 10) < 24)
    throw new TypeError(`Node.js 24 or later is needed; this is ${versions.node}.`)
  const { values, positionals } = read(argv.slice(2))
  if (values.help || values.server === undefined) {
    stdout.write(help)
    return values.help ? 0 : 2
  }
  return positionals[0] === 'check' ? check(values, values.server) : run(values, values.server)
}

async function run(v: Values, server: string): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const ownership = ownerships.find((o) => o === v.ownership)
  if (ownership === undefined || !(v.preset in presets)) throw new TypeError(help)
  const source =
    v.codes === undefined
      ? { client: clientOf(v) }
      : {
          codes: fs
            .readFileSync(v.codes, 'utf8')
            .split(/\s+/)
            .filter((c) => c !== ''),
        }
  const options: FleetOptions = {
    server,
    devices: number('devices', v.devices ?? ''),
    platform: v.platform,
    ownership,
    seed: v.seed,
    ...source,
    preset: v.preset as Preset,
    rates: ratesOf(v.rate),
    longPoll: !v.polling,
    signal: stop.signal,
    durationS: optional('duration', v.duration),
    pollS: optional('poll', v.poll),
    leave: optional('leave', v.leave),
    record: v.record,
    state: v.state,
    ca: v.ca === undefined ? undefined : fs.readFileSync(v.ca, 'utf8'),
    tell: v.quiet ? undefined : (line) => stderr.write(`${line}\n`),
  }
  const google = await standIn(v)
  const report = await runFleet({ ...options, google }).finally(() => google?.close())
  stdout.write(`${JSON.stringify(report, undefined, v.json ? undefined : 2)}\n`)
  return report.devices.enrolled > 0 ? 0 : 1
}

async function standIn(v: Values): Promise<FakeGoogle | undefined> {
  if (v.google === undefined) return undefined
  const port = number('google', v.google)
  const { google, words } = await standInForGoogle({ port, keyFile: v['google-key'], seed: v.seed })
  stderr.write(`${words}\n`)
  return google
}

async function check(v: Values, server: string): Promise<number> {
  if (v.record === undefined) throw new TypeError(help)
  const devices = new Set<string>()
  for await (const line of readRecord(v.record)) if (line.event === 'enrolled') devices.add(line.device)
  if (devices.size === 0) throw new TypeError(`${v.record} tells of no device, so there is nothing to compare.`)
  const history = readHistory({
    server,
    client: clientOf(v),
    devices,
    ...(v.ca === undefined ? {} : { ca: fs.readFileSync(v.ca, 'utf8') }),
  })
  const report = await checkRecord(readRecord(v.record), history)
  stdout.write(
    `${JSON.stringify({ ...report, violations: report.violations.length, first: report.violations.slice(0, 20) }, undefined, v.json ? undefined : 2)}\n`,
  )
  return report.violations.length === 0 ? 0 : 1
}

function clientOf(v: Values): ApiClient {
  const text = v.client ?? env.MUSTER_BOOTSTRAP_CLIENT ?? ''
  const colon = text.indexOf(':')
  if (colon < 1) throw new TypeError('Say who invites: --client ID:SECRET, MUSTER_BOOTSTRAP_CLIENT, or --codes FILE.')
  return { id: text.slice(0, colon), secret: text.slice(colon + 1) }
}

function number(name: string, text: string): number {
  const n = Number(text)
  if (text === '' || !Number.isFinite(n) || n < 0) throw new TypeError(`--${name} takes a number.`)
  return n
}
const optional = (name: string, text: string | undefined) => (text === undefined ? undefined : number(name, text))

function ratesOf(given: readonly string[]): Partial<Rates> {
  return Object.fromEntries(
    given.map((text) => text.split('=', 2)).map(([name = '', chance = '']) => [name, number(`rate ${name}`, chance)]),
  )
}

try {
  exit(await main())
} catch (error) {
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : ''
  stderr.write(`${error instanceof Error ? error.message : String(error)}${cause}\n`)
  exit(2)
}
