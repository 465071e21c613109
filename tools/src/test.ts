// `npm test [-- folder or file ...] [-- --test-name-pattern=...]`, `MUSTER_SEED=random npm test`: finds the tests of all rooms and runs them with node's own runner.
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { argv, execPath, exit } from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const options = argv.slice(2).filter((a) => a.startsWith('-'))
const wanted = argv.slice(2).filter((a) => !a.startsWith('-'))

const rooms = ['*/src/**/*.test.{ts,tsx}', 'plugins/*/src/**/*.test.{ts,tsx}']
const files = globSync(rooms, { cwd: root })
  .filter((file) => !file.includes('node_modules'))
  .filter((file) => !wanted.length || wanted.some((part) => file.includes(part.replace(/^\.\//, ''))))
  .sort()
if (!files.length) {
  console.error(`No test file matches ${wanted.join(', ') || 'at all'}.`)
  exit(1)
}

const limitMinutes = 15
const runner = [
  '--import=./tools/src/seed.ts',
  '--test',
  '--test-global-setup=core/src/testing/global-setup.ts',
  '--test-concurrency=2',
  '--test-timeout=180000',
  '--test-reporter=./tools/src/reporter.ts',
  '--test-reporter-destination=stdout',
]
// A group of its own, so that nothing outlives a run that is stopped: neither test processes nor their database.
const child = spawn(execPath, [...runner, ...options, ...files], { cwd: root, stdio: 'inherit', detached: true })
const stop = (signal: NodeJS.Signals) => child.pid && process.kill(-child.pid, signal)
const limit = setTimeout(() => {
  console.error(`Stopped after ${limitMinutes} minutes: a file named above as still running keeps its process alive.`)
  stop('SIGINT')
  setTimeout(() => stop('SIGKILL'), 10_000).unref()
}, limitMinutes * 60_000)
process.on('SIGINT', () => stop('SIGINT'))
process.on('SIGTERM', () => stop('SIGINT'))
child.on('exit', (code) => {
  clearTimeout(limit)
  exit(code ?? 1)
})
