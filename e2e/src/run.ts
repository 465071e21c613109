/** `npm run e2e -- NAME`: runs one journey, or says which there are. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
const journeys = readdirSync(folder)
  .filter((f) => f.endsWith('.test.ts'))
  .map((f) => f.slice(0, -'.test.ts'.length))
const [name] = process.argv.slice(2)

if (name === undefined || name.startsWith('-') || !existsSync(`${folder}${name}.test.ts`)) {
  console.error(`Usage: npm run e2e -- NAME\n\nJourneys:\n${journeys.map((j) => `  ${j}`).join('\n')}`)
  process.exit(name === undefined || name === '--help' ? 0 : 2)
}
const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', `${folder}${name}.test.ts`], {
  stdio: 'inherit',
})
process.exit(status ?? 1)
