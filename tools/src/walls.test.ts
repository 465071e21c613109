// Seeds imports that the walls forbid, and ones that they allow, and sees what the lint says: a wall that cannot fail is no wall.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { execPath } from 'node:process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { coreFloors } from './floors.ts'
import { wallsText } from './walls.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')

/** One wall: a file, a line that must be caught in it (by which rule), and a line that must pass in the same file. */
interface Seed {
  readonly wall: string
  readonly file: string
  readonly bad: string
  readonly rule?: string
  readonly good: string
}

const restricted = 'style/noRestrictedImports'
const seeds: readonly Seed[] = [
  {
    wall: 'contract imports nothing of ours',
    file: 'contract/src/seed.ts',
    bad: `export * from '@muster/core'`,
    good: `export * from 'zod'`,
  },
  {
    wall: 'contract imports no node: module',
    file: 'contract/src/seed.ts',
    bad: `import 'node:fs'`,
    rule: 'correctness/noNodejsModules',
    good: `import './json.ts'`,
  },
  {
    wall: 'contract knows no browser',
    file: 'contract/src/seed.ts',
    bad: `export const title = document.title`,
    rule: 'style/noRestrictedGlobals',
    good: `export const title = 'Muster'`,
  },
  {
    wall: 'contract does no I/O',
    file: 'contract/src/seed.ts',
    bad: `export const answer = fetch('https://example.com')`,
    rule: 'style/noRestrictedGlobals',
    good: `export const answer = 42`,
  },
  {
    wall: 'the conformance suite may use the test runner',
    file: 'contract/src/testing/seed.ts',
    bad: `import '@muster/kit'`,
    good: `import 'node:test'`,
  },
  {
    wall: 'core knows no plugin',
    file: 'core/src/platforms/seed.ts',
    bad: `import '@muster/plugin-linux'`,
    good: `import '@muster/contract'`,
  },
  {
    wall: 'core knows no web server',
    file: 'core/src/access/seed.ts',
    bad: `import 'node:http'`,
    good: `import 'node:crypto'`,
  },
  {
    wall: 'core.ts enters a feature by its door',
    file: 'core/src/core.ts',
    bad: `import './devices/seen.ts'`,
    good: `import './devices/index.ts'`,
  },
  {
    wall: 'a feature of core enters another by its door',
    file: 'core/src/groups/seed.ts',
    bad: `import '../devices/seen.ts'`,
    good: `import '../devices/index.ts'`,
  },
  {
    wall: 'a dynamic import is an import',
    file: 'core/src/groups/seed.ts',
    bad: `export const later = () => import('../operations/index.ts')`,
    good: `export const later = () => import('../devices/index.ts')`,
  },
  {
    wall: 'a re-export is an import',
    file: 'core/src/groups/seed.ts',
    bad: `export * from '../operations/index.ts'`,
    good: `export * from '../devices/index.ts'`,
  },
  {
    wall: 'a type import is an import',
    file: 'core/src/groups/seed.ts',
    bad: `export type { Operations } from '../operations/index.ts'`,
    good: `export type { Devices } from '../devices/index.ts'`,
  },
  {
    wall: 'an import inside a type is not written',
    file: 'core/src/groups/seed.ts',
    bad: `export type Operations = import('../operations/index.ts').Operations`,
    rule: 'plugin',
    good: `export type Operations = number`,
  },
  {
    wall: 'what production code does without, tests may use',
    file: 'core/src/groups/seed.ts',
    bad: `import '../testing/index.ts'`,
    good: `import '../db/index.ts'`,
  },
  {
    wall: 'a test of a lower floor knows no higher floor',
    file: 'core/src/groups/seed.test.ts',
    bad: `import '../operations/index.ts'`,
    good: `import '../testing/index.ts'`,
  },
  {
    wall: 'a package is imported by its name',
    file: 'core/src/devices/seed.ts',
    bad: `import '../../../contract/src/index.ts'`,
    good: `import '@muster/contract'`,
  },
  {
    wall: 'a package is entered by its door',
    file: 'server/src/api/seed.ts',
    bad: `import '@muster/core/src/devices/seen.ts'`,
    good: `import '@muster/core'`,
  },
  {
    wall: 'the kit knows no plugin',
    file: 'plugins/kit/src/seed.ts',
    bad: `import '@muster/plugin-linux'`,
    good: `import '@muster/contract'`,
  },
  {
    wall: 'a plugin does not know the core',
    file: 'plugins/linux/src/seed.ts',
    bad: `import '@muster/core'`,
    good: `import '@muster/kit'`,
  },
  {
    wall: 'a plugin knows no other plugin',
    file: 'plugins/linux/src/seed.ts',
    bad: `import '@muster/plugin-apple'`,
    good: `import '@muster/contract'`,
  },
  {
    wall: 'only tests open the conformance suite',
    file: 'plugins/linux/src/seed.ts',
    bad: `import '@muster/contract/testing'`,
    good: `import '@muster/contract'`,
  },
  {
    wall: "a plugin's test does not know the core either",
    file: 'plugins/linux/src/seed.test.ts',
    bad: `import '@muster/core/testing'`,
    good: `import '@muster/contract/testing'`,
  },
  {
    wall: 'push knows the contract alone',
    file: 'push/src/seed.ts',
    bad: `import '@muster/kit'`,
    good: `import '@muster/contract'`,
  },
  {
    wall: 'the server does not know those that use it',
    file: 'server/src/seed.ts',
    bad: `import '@muster/cli'`,
    good: `import '@muster/plugin-linux'`,
  },
  {
    wall: 'a folder of the server is entered by its door',
    file: 'server/src/api/seed.ts',
    bad: `import '../gateway/principal.ts'`,
    good: `import '../gateway/index.ts'`,
  },
  {
    wall: 'the client knows nothing of ours',
    file: 'client/src/seed.ts',
    bad: `import '@muster/contract'`,
    good: `import 'openapi-fetch'`,
  },
  {
    wall: 'the portals know the client alone',
    file: 'portals/src/console/seed.ts',
    bad: `import '@muster/contract'`,
    good: `import '@muster/client'`,
  },
  {
    wall: 'an area of the portals knows no other',
    file: 'portals/src/console/seed.ts',
    bad: `import '../store/index.ts'`,
    good: `import '../ui/index.ts'`,
  },
  {
    wall: 'what the areas share knows no area',
    file: 'portals/src/ui/seed.ts',
    bad: `import '../console/index.ts'`,
    good: `import '../text/index.ts'`,
  },
  {
    wall: 'pages run in a browser',
    file: 'portals/src/console/seed.ts',
    bad: `import 'node:fs'`,
    rule: 'correctness/noNodejsModules',
    good: `import 'react'`,
  },
  {
    wall: 'the agent knows the contract alone',
    file: 'agent/src/seed.ts',
    bad: `import '@muster/kit'`,
    good: `import '@muster/contract'`,
  },
  {
    wall: 'the terminal does not know a plugin',
    file: 'cli/src/seed.ts',
    bad: `import '@muster/plugin-linux'`,
    good: `import '@muster/client'`,
  },
  {
    wall: 'a dependency is declared',
    file: 'push/src/seed.ts',
    bad: `import 'fastify'`,
    rule: 'correctness/noUndeclaredDependencies',
    good: `import '@muster/contract'`,
  },
  {
    wall: 'no circles, of types neither',
    file: 'push/src/circle.ts',
    bad: `export type { Half } from './half.ts'`,
    rule: 'suspicious/noImportCycles',
    good: `import './whole.ts'`,
  },
]

let house: string

before(() => {
  house = mkdtempSync(join(tmpdir(), 'muster-walls-'))
  const files = ['biome.json', '.gitignore', 'tools/walls.json', 'tools/import-type.grit', 'package.json']
  for (const file of [
    ...files,
    ...globSync(['*/package.json', 'plugins/*/package.json'], { cwd: root }).filter(ours),
  ]) {
    cpSync(join(root, file), join(house, file))
  }
})

after(() => rmSync(house, { recursive: true, force: true }))

function ours(file: string): boolean {
  return !file.includes('node_modules')
}

function put(file: string, text: string): void {
  mkdirSync(dirname(join(house, file)), { recursive: true })
  writeFileSync(join(house, file), `${text}\n`)
}

/** What the lint of the house says of the seeded tree, as `rule file:line`. */
async function lint(): Promise<Set<string>> {
  const args = [biome, 'lint', '--reporter=github', '--diagnostic-level=error', '--max-diagnostics=none', '.']
  const out = await new Promise<string>((done) =>
    execFile(execPath, args, { cwd: house, maxBuffer: 1 << 26 }, (_, text) => done(text)),
  )
  const found = out.matchAll(/^::error title=([^,]+),file=([^,]+),line=(\d+)/gm)
  return new Set(
    [...found].map(
      ([, rule, file, line]) => `${rule?.replace(/^lint\//, '')} ${relative(house, resolve(house, file!))}:${line}`,
    ),
  )
}

test('each wall catches the import that it forbids and lets the other through', async () => {
  const byFile = Map.groupBy(seeds, (seed) => seed.file)
  for (const [file, all] of byFile) put(file, all.flatMap((seed) => [seed.bad, seed.good]).join('\n'))
  put('push/src/half.ts', `export type { Whole } from './circle.ts'\nexport type Half = 1`)
  const said = await lint()
  for (const [file, all] of byFile) {
    all.forEach((seed, i) => {
      assert.ok(
        said.has(`${seed.rule ?? restricted} ${file}:${2 * i + 1}`),
        `${seed.wall}: not caught in ${file}: ${seed.bad}`,
      )
      assert.ok(!said.has(`${restricted} ${file}:${2 * i + 2}`), `${seed.wall}: refused in ${file}: ${seed.good}`)
    })
  }
})

test('in core every feature sees exactly the floors below its own', async () => {
  const features = coreFloors.flat()
  for (const feature of features) {
    put(`core/src/${feature}/floor.ts`, features.map((other) => `import '../${other}/index.ts'`).join('\n'))
  }
  const said = await lint()
  const height = (feature: string) => coreFloors.findIndex((floor) => floor.includes(feature))
  for (const feature of features) {
    features.forEach((other, i) => {
      const caught = said.has(`${restricted} core/src/${feature}/floor.ts:${i + 1}`)
      assert.equal(caught, height(other) >= height(feature), `core/${feature} importing core/${other}`)
    })
  }
})

test('the walls on disk are the ones that the table of floors gives', () => {
  assert.equal(readFileSync(join(root, 'tools/walls.json'), 'utf8'), wallsText(), 'run `npm run walls`')
})

test('every folder of core/src stands on a floor', () => {
  const folders = globSync('core/src/*/index.ts', { cwd: root }).map((file) => file.split('/')[2])
  assert.deepEqual(
    folders.filter((f) => !coreFloors.flat().includes(f!) && f !== 'testing'),
    [],
  )
})
