/** fleet: simulated devices that speak the true protocol, for trying things out and for load. */
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { connect } from '../connect.ts'
import { exitCodes, json, type Terminal, UsageError } from '../terminal.ts'
import { seconds } from './invite.ts'

interface FleetFlags {
  devices: string
  platform: string
  seed: string
  duration?: string
  preset: 'calm' | 'usual' | 'rough'
  ownership: 'byod' | 'cope' | 'work-profile' | 'dedicated'
  codes?: string
  poll?: string
  leave?: string
  record?: string
  state?: string
  google?: string
  googleKey: string
}

export function fleetCommand(terminal: Terminal): Command {
  return new Command('fleet')
    .description('run simulated devices against a server')
    .requiredOption('--devices <n>', 'how many')
    .option('--platform <id>', 'what they are', 'linux')
    .option('--seed <text>', 'the same seed makes the same devices with the same habits', 'muster')
    .option('--duration <time>', 'how long they live once enrolled: 30s, 10m; without it until interrupted')
    .addOption(new Option('--preset <word>', 'their habits').choices(['calm', 'usual', 'rough']).default('usual'))
    .addOption(new Option('--ownership <kind>').choices(['byod', 'cope', 'work-profile', 'dedicated']).default('cope'))
    .option('--codes <file>', 'enrolment codes, one a line; without it they are asked for with MUSTER_CLIENT')
    .option('--poll <seconds>', 'between polls, instead of what the server says')
    .option('--leave <share>', 'share of them that say farewell in the end: 0.1')
    .option('--record <file>', 'append what happens in the devices, one JSON object a line')
    .option('--state <file>', 'keep the devices for the next run')
    .option('--google <port>', 'stand in for Google’s services there: every second Android device is a phone with them')
    .option('--google-key <file>', 'the key of its service account', 'fleet-google.json')
    .addHelpText(
      'after',
      '\nThey enrol by themselves and do what they are told until the time is over or Ctrl+C. Their record says what truly happened in them.\n\nExamples:\n  $ npx muster fleet --devices 50 --duration 10m --preset rough\n  $ npx muster fleet --devices 2000 --state fleet.state --record fleet.jsonl\n',
    )
    .action(async (o: FleetFlags, command: Command) => {
      const { url, asJson } = connect(terminal, command)
      const { runFleet, standInForGoogle } = await import('@muster/fleet')
      const ending = new AbortController()
      const end = () => ending.abort()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
      let google: Awaited<ReturnType<typeof standInForGoogle>>['google'] | undefined
      try {
        if (o.google !== undefined) {
          const stand = await standInForGoogle({
            port: number('--google', o.google),
            keyFile: o.googleKey,
            seed: o.seed,
          })
          google = stand.google
          terminal.err(`${stand.words}\n`)
        }
        const report = await runFleet({
          server: url,
          devices: number('--devices', o.devices),
          platform: o.platform,
          ownership: o.ownership,
          seed: o.seed,
          preset: o.preset,
          ...source(terminal, o.codes),
          durationS: o.duration === undefined ? undefined : seconds(o.duration),
          pollS: o.poll === undefined ? undefined : number('--poll', o.poll),
          leave: o.leave === undefined ? undefined : number('--leave', o.leave),
          record: o.record,
          state: o.state,
          ca: terminal.env.MUSTER_CA ? readFileSync(terminal.env.MUSTER_CA, 'utf8') : undefined,
          google,
          signal: ending.signal,
          tell: (line) => terminal.err(`${line}\n`),
        })
        if (report.devices.enrolled === 0) terminal.code = exitCodes.failed
        if (asJson) json(terminal, report)
        else terminal.out(`${report.devices.enrolled} devices enrolled of ${o.devices}.\n`)
      } catch (e) {
        if (e instanceof TypeError || e instanceof RangeError) throw new UsageError(e.message)
        throw e
      } finally {
        await google?.close()
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end)
      }
    })
}

function source(terminal: Terminal, file: string | undefined) {
  if (file !== undefined) {
    try {
      return { codes: readFileSync(file, 'utf8').split(/\s+/).filter(Boolean) }
    } catch (e) {
      throw new UsageError(`--codes cannot be read: ${e instanceof Error ? e.message : String(e)}`)
    }
  }
  const client = terminal.env.MUSTER_CLIENT ?? ''
  const colon = client.indexOf(':')
  if (colon < 1) throw new UsageError('set MUSTER_CLIENT=id:secret to invite the devices with, or give --codes')
  return { client: { id: client.slice(0, colon), secret: client.slice(colon + 1) } }
}

function number(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new UsageError(`${name} is a number: ${text}`)
  return value
}
