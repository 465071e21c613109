/** `npm run bench -- NAME [--quick] [--seed N] [--processes N]`: runs one benchmark and prints what it found, last as one JSON object. */
import { parseArgs } from 'node:util'
import { benchmarks } from './index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    profile: { type: 'string' },
    processes: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const benchmark = benchmarks[positionals[0] ?? '']
const seed = Number(values.seed)
const processes = Number(values.processes ?? 1)
if (!benchmark || values.help || positionals.length !== 1 || !Number.isSafeInteger(seed) || !(processes >= 1)) {
  console.error(
    `Usage: npm run bench -- NAME [--quick] [--seed N] [--processes N] [--profile FOLDER]\n\nNames: ${Object.keys(benchmarks).join(', ')}`,
  )
  process.exit(values.help ? 0 : 2)
}
console.log(JSON.stringify(await benchmark({ quick: values.quick, seed, processes, profile: values.profile })))
// Connections that are only kept would keep the process.
process.exit(0)
