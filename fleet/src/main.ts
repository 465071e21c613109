#!/usr/bin/env node
/** `muster-fleet`: runs a simulated fleet against a server, or checks a record of one against the server's history. */
import fs from 'node:fs'
import { argv, env, exit, stderr, stdout, versions } from 'node:process'
import { parseArgs } from 'node:util'
import { type FleetFlag, fleetFlags, readFlags } from './flags.ts'
import { type ApiClient, checkRecord, platforms, readHistory, readRecord, runFleet } from './index.ts'
import { standInForGoogle } from './stand-in.ts'

/** What this command is told beside: how it reaches the server, and what it says. */
const own = {
  server: { type: 'string' },
  client: { type: 'string' },
  ca: { type: 'string' },
  json: { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

const line = (flag: string, says: string) => `  ${flag.padEnd(20)} ${says}`
function lineOf(f: FleetFlag): string {
  const some = f.name === 'platform' ? [...platforms.keys()] : f.choices
  const more = [
    ...(some ? [`one of ${some.join(', ')}`] : []),
    ...(f.default === undefined ? [] : [`default: ${f.default}`]),
  ]
  return line(`--${f.name} ${f.value ?? ''}`, f.says + (more.length > 0 ? ` (${more.join('; ')})` : ''))
}
const help = `muster-fleet --server URL --devices N [options]     run a simulated fleet
muster-fleet check --server URL --record FILE        compare its record with the server's history

${line('--client ID:SECRET', 'API client that may invite devices (and, for check, read activities); or MUSTER_BOOTSTRAP_CLIENT')}
${fleetFlags.map(lineOf).join('\n')}
${line('--ca FILE', "authority of the server's certificate (PEM)")}
${line('--json', 'print the report as one JSON object')}
${line('--quiet', 'no lines of progress')}
`

function read(args: string[]) {
  const shared = Object.fromEntries(
    fleetFlags.map((f) => [
      f.name,
      {
        type: f.value === undefined ? ('boolean' as const) : ('string' as const),
        ...(f.many && { multiple: true }),
        ...(f.default !== undefined && { default: f.default }),
      },
    ]),
  )
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { ...shared, ...own } })
  const { record } = values as { record?: string }
  return { values: { ...values, record }, positionals }
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
  const { options, google: at } = readFlags(v)
  const tell = v.quiet ? undefined : (text: string) => void stderr.write(`${text}\n`)
  const stand = at && (await standInForGoogle(at))
  if (stand) stderr.write(`${stand.words}\n`)
  const report = await runFleet({
    ...options,
    ...(options.codes === undefined && { client: clientOf(v) }),
    server,
    signal: stop.signal,
    ca: v.ca === undefined ? undefined : fs.readFileSync(v.ca, 'utf8'),
    google: stand?.google,
    tell,
  }).finally(() => stand?.google.close())
  stdout.write(`${JSON.stringify(report, undefined, v.json ? undefined : 2)}\n`)
  return report.devices.enrolled > 0 ? 0 : 1
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

try {
  exit(await main())
} catch (error) {
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : ''
  stderr.write(`${error instanceof Error ? error.message : String(error)}${cause}\n`)
  exit(2)
}
