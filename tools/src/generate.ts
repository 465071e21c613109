/** Writes what is made from the code: the API description, the client's types, the reference pages. With --check it only compares. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { problemList } from '@muster/contract'
import { describeServer, installedPlatforms } from '@muster/server'
import { androidAgentPage } from './android-agent.ts'
import { referencePages } from './reference.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const { openapi, catalog, permissions } = await describeServer(installedPlatforms)
const files = new Map<string, string>()
const description = `${JSON.stringify(openapi, null, 2)}\n`
files.set('client/openapi.json', description)
files.set('client/src/schema.ts', clientTypes(description))
for (const [name, text] of referencePages({ catalog, permissions, problems: problemList() }))
  files.set(`docs/reference/${name}.md`, text)
const agentPage = 'docs/platforms/android-agent.md'
files.set(agentPage, androidAgentPage(current(agentPage) ?? ''))

const check = process.argv.includes('--check')
const stale = [...files].filter(([path, text]) => current(path) !== text).map(([path]) => path)
if (check && stale.length > 0) {
  process.stderr.write(`Not what the code says: ${stale.join(', ')}\nRun \`npm run generate\` and commit the result.\n`)
  process.exitCode = 1
} else if (!check) {
  for (const path of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), files.get(path) ?? '')
  }
}
if (!process.exitCode)
  process.stdout.write(
    check
      ? `${files.size} generated files are up to date\n`
      : `${stale.length} of ${files.size} generated files written\n`,
  )

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw e
  }
}

/** Through openapi-typescript in a process of its own: it lives in the client's folder with the TypeScript it needs. */
function clientTypes(json: string): string {
  const bin = join(
    dirname(createRequire(join(root, 'client/package.json')).resolve('openapi-typescript')),
    '../bin/cli.js',
  )
  const folder = mkdtempSync(join(tmpdir(), 'muster-generate-'))
  try {
    writeFileSync(join(folder, 'openapi.json'), json)
    const out = join(folder, 'schema.ts')
    const run = spawnSync(
      process.execPath,
      [
        bin,
        join(folder, 'openapi.json'),
        '-o',
        out,
        '--root-types',
        '--root-types-no-schema-prefix',
        '--default-non-nullable=false',
      ],
      { encoding: 'utf8' },
    )
    if (run.status !== 0) throw new Error(`openapi-typescript failed: ${run.stderr || run.stdout}`)
    return readFileSync(out, 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
