// `npm test [-- folder or file ...] [-- --test-name-pattern=...]`: finds the tests of all rooms and runs them with node's own runner.
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

const runner = [
  '--test',
  '--test-global-setup=core/src/testing/global-setup.ts',
  '--test-concurrency=2',
  '--test-timeout=180000',
  '--test-reporter=./tools/src/reporter.ts',
  '--test-reporter-destination=stdout',
]
const child = spawn(execPath, [...runner, ...options, ...files], { cwd: root, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => exit(code ?? (signal ? 1 : 0)))
