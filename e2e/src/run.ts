/** `npm run e2e -- NAME [NAME ...]`: runs these journeys one after another, or says which there are. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
const journeys = readdirSync(folder)
  .filter((f) => f.endsWith('.test.ts'))
  .map((f) => f.slice(0, -'.test.ts'.length))
const names = process.argv.slice(2)
const unknown = names.filter((name) => !journeys.includes(name))

if (names.length === 0 || unknown.length > 0) {
  if (names.length > 0 && !names.includes('--help')) console.error(`No journey is called ${unknown.join(', ')}.\n`)
  console.error(`Usage: npm run e2e -- NAME [NAME ...]\n\nJourneys:\n${journeys.map((j) => `  ${j}`).join('\n')}`)
  process.exit(names.length === 0 || names.includes('--help') ? 0 : 2)
}
const files = names.map((name) => `${folder}${name}.test.ts`)
const how = ['--test', '--test-reporter=spec', '--test-concurrency=1']
const { status } = spawnSync(process.execPath, [...how, ...files], { stdio: 'inherit' })
process.exit(status ?? 1)
