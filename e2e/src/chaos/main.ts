/** `npm run chaos [-- --seed S --minutes M --kills N --devices N --full]`: breaks an installation in every way it knows, and judges what is left. */
import { randomBytes } from 'node:crypto'
import { argv, exit, stderr, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { runChaos } from './run.ts'

const help = `npm run chaos [-- options]

  --seed S       draws the same plan again (default: a new one, printed in the end)
  --minutes M    of faults (default: 1)
  --kills N      ends after so many kills, too
  --devices N    that stay for the whole run (default: 16); others come and go
  --full         10,000 kills, however long they take

The last line is one JSON object. The exit code is 1 when anything was violated or no fault was injected.
`

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    kills: { type: 'string' },
    devices: { type: 'string', default: '16' },
    full: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const minutes = values.full ? 24 * 60 : Number(values.minutes)
const kills = values.full ? 10_000 : values.kills === undefined ? undefined : Number(values.kills)
const devices = Number(values.devices)
if (values.help || !(minutes > 0) || !(devices >= 1) || (kills !== undefined && !(kills > 0))) {
  stderr.write(help)
  exit(values.help ? 0 : 2)
}
// Leaving in order lets the processes and the disk of the run go with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => exit(130))

const report = await runChaos({
  seed: values.seed ?? randomBytes(4).toString('hex'),
  minutes,
  devices,
  ...(kills === undefined ? {} : { kills }),
  tell: (line) => stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`),
})
stdout.write(`${JSON.stringify(report)}\n`)
exit(report.violations === 0 ? 0 : 1)
