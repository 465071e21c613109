// `npm test [-- folder or file ...] [-- --test-name-pattern=...]`, `MUSTER_SEED=random npm test`: finds the tests of all rooms and runs them with node's own runner.
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { argv, env, execPath, exit } from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const options = argv.slice(2).filter((a) => a.startsWith('-'))
const wanted = argv.slice(2).filter((a) => !a.startsWith('-'))

const rooms = ['*/src/**/*.test.{ts,tsx}', 'plugins/*/src/**/*.test.{ts,tsx}']
const files = globSync(rooms, { cwd: root })
  .filter((file) => !file.includes('node_modules'))
  .filter((file) => !wanted.length || wanted.some((part) => file.includes(part.replace(/^\.\//, ''))))
  .sort(longestFirst)
if (!files.length) {
  console.error(`No test file matches ${wanted.join(', ') || 'at all'}.`)
  exit(1)
}

/** Begun first are the rooms whose files take longest, so that no lane is left with one of them when the others are done. */
function longestFirst(a: string, b: string): number {
  const rank = (file: string) => ['cli/', 'contract/', 'bench/', 'e2e/'].findIndex((room) => file.startsWith(room))
  return rank(b) - rank(a) || (a < b ? -1 : 1)
}

/** One more than the processors: journeys wait half of their time. */
const lanes = Math.min(availableParallelism(), 4) + 1
/** A third of it is usual on two processors. */
const limitMinutes = 40
const forEach = ['--import=./tools/src/seed.ts', '--test-timeout=300000', ...options]
// A group of its own, so that nothing outlives a run that is stopped: neither test processes nor their database.
const child = spawn(execPath, ['tools/src/lanes.ts', String(lanes), forEach.join(' '), ...files], {
  cwd: root,
  // Hundreds of processes load the same modules: compiled once, read by all others.
  env: { ...env, NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? join(root, 'node_modules/.cache/compiled') },
  stdio: 'inherit',
  detached: true,
})
const stop = (signal: NodeJS.Signals) => child.pid && process.kill(-child.pid, signal)
const limit = setTimeout(() => {
  console.error(
    `Stopped after ${limitMinutes} minutes: is a file named above as still running kept alive by something?`,
  )
  stop('SIGINT')
  setTimeout(() => stop('SIGKILL'), 10_000).unref()
}, limitMinutes * 60_000)
process.on('SIGINT', () => stop('SIGINT'))
process.on('SIGTERM', () => stop('SIGINT'))
child.on('exit', (code) => {
  clearTimeout(limit)
  exit(code ?? 1)
})
