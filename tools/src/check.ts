// `npm run check`: all that can be known of the house without running it. Two steps at a time; ends with a table.
import { spawn } from 'node:child_process'
import { exit, version } from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Step {
  readonly name: string
  readonly says: string
  readonly command: readonly string[]
}
interface Ran extends Step {
  readonly ok: boolean
  readonly seconds: number
  readonly output: string
}

/** The longest first, so that two lanes end together. */
const steps: readonly Step[] = [
  { name: 'types', says: 'tsc over all rooms', command: ['tsc', '--noEmit', '-p', '.'] },
  {
    name: 'lint',
    says: 'format, lint and walls',
    command: ['biome', 'ci', '--error-on-warnings', '--diagnostic-level=warn', '.'],
  },
  { name: 'generated', says: 'what is generated is up to date', command: ['node', 'tools/src/generate.ts', '--check'] },
  { name: 'dead', says: 'no dead files, exports or dependencies', command: ['knip', '--no-progress'] },
  { name: 'floors', says: 'tools/walls.json is up to date', command: ['node', 'tools/src/walls.ts', '--check'] },
  { name: 'lockfile', says: 'complete for every platform', command: ['node', 'tools/src/complete-lock.ts', '--check'] },
  {
    name: 'house',
    says: 'walls catch, nevers hold',
    command: ['node', '--import=./tools/src/seed.ts', '--test', 'tools/src/*.test.ts'],
  },
]

function run(step: Step): Promise<Ran> {
  const started = performance.now()
  const [program, ...args] = step.command
  const env = { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH}` }
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(program!, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const end = (ok: boolean) => resolve({ ...step, ok, output, seconds: (performance.now() - started) / 1000 })
    child.stdout.on('data', (bytes) => (output += bytes))
    child.stderr.on('data', (bytes) => (output += bytes))
    child.on('error', (error) => {
      output += error.message
      end(false)
    })
    child.on('close', (code) => end(code === 0))
  })
}

async function lane(queue: Step[], done: Ran[]): Promise<void> {
  for (let step = queue.shift(); step; step = queue.shift()) {
    const ran = await run(step)
    done.push(ran)
    if (!ran.ok) console.error(`\n── ${ran.name}: ${ran.command.join(' ')}\n${ran.output}`)
  }
}

if (Number.parseInt(version.slice(1), 10) < 24) {
  console.error(
    `Muster needs Node 24 or later; this is ${version}. Run it through npm, which finds its own after \`npm ci\`.`,
  )
  exit(1)
}
const done: Ran[] = []
const queue = [...steps]
await Promise.all([lane(queue, done), lane(queue, done)])
for (const { name, says } of steps) {
  const ran = done.find((d) => d.name === name)
  console.log(`${ran?.ok ? '✔' : '✖'} ${name.padEnd(10)} ${ran?.seconds.toFixed(1).padStart(5)} s  ${says}`)
}
exit(done.every((d) => d.ok) ? 0 : 1)
