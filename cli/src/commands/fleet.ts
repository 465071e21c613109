/** fleet: simulated devices that speak the true protocol, for trying things out and for load. */
import { readFileSync } from 'node:fs'
import { type FlagValues, type FleetFlag, fleetFlags, readFlags } from '@muster/fleet/flags'
import { Command, Option } from 'commander'
import { connect } from '../connect.ts'
import { exitCodes, json, type Terminal, UsageError } from '../terminal.ts'

function optionOf(f: FleetFlag): Option {
  const option = new Option(`--${f.name}${f.value === undefined ? '' : ` <${f.value.toLowerCase()}>`}`, f.says)
  if (f.name === 'devices') option.makeOptionMandatory()
  if (f.choices) option.choices(f.choices)
  if (f.default !== undefined) option.default(f.default)
  if (f.many) option.argParser((said: string, before: string[] | undefined) => [...(before ?? []), said])
  return option
}

export function fleetCommand(terminal: Terminal): Command {
  const command = new Command('fleet').description('run simulated devices against a server')
  const options = fleetFlags.map((f) => ({ name: f.name, option: optionOf(f) }))
  for (const { option } of options) command.addOption(option)
  return command
    .addHelpText(
      'after',
      '\nCodes are asked for with MUSTER_CLIENT, unless a file has them. The devices enrol by themselves and do what they are told until the time is over or Ctrl+C. Their record says what truly happened in them.\n\nExamples:\n  $ npx muster fleet --devices 50 --duration 10m --preset rough\n  $ npx muster fleet --devices 2000 --state fleet.state --record fleet.jsonl\n',
    )
    .action(async (said: FlagValues, self: Command) => {
      const { url, asJson } = connect(terminal, self)
      const values = Object.fromEntries(options.map(({ name, option }) => [name, said[option.attributeName()]]))
      const ending = new AbortController()
      const end = () => ending.abort()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
      try {
        const report = await run(terminal, { values, url, signal: ending.signal })
        if (report.devices.enrolled === 0) terminal.code = exitCodes.failed
        if (asJson) json(terminal, report)
        else terminal.out(`${report.devices.enrolled} devices enrolled of ${values.devices}.\n`)
      } catch (e) {
        if (e instanceof TypeError || e instanceof RangeError) throw new UsageError(e.message)
        throw e
      } finally {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end)
      }
    })
}

async function run(terminal: Terminal, o: { values: FlagValues; url: string; signal: AbortSignal }) {
  const { options, google: at } = readFlags(o.values)
  const client = options.codes === undefined ? { client: clientOf(terminal) } : {}
  // Loaded when it is asked for: every other command does without.
  const { runFleet, standInForGoogle } = await import('@muster/fleet')
  const stand = at && (await standInForGoogle(at))
  if (stand) terminal.err(`${stand.words}\n`)
  return runFleet({
    ...options,
    ...client,
    server: o.url,
    ca: terminal.env.MUSTER_CA ? readFileSync(terminal.env.MUSTER_CA, 'utf8') : undefined,
    google: stand?.google,
    signal: o.signal,
    tell: (line) => terminal.err(`${line}\n`),
  }).finally(() => stand?.google.close())
}

function clientOf(terminal: Terminal): { id: string; secret: string } {
  const client = terminal.env.MUSTER_CLIENT ?? ''
  const colon = client.indexOf(':')
  if (colon < 1) throw new UsageError('set MUSTER_CLIENT=id:secret to invite the devices with, or give --codes')
  return { id: client.slice(0, colon), secret: client.slice(colon + 1) }
}
