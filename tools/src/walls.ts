// Makes the lint's walls (tools/walls.json, which biome.json extends) from the table of floors; `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { argv, exit } from 'node:process'
import { coreFloors, portalAreas, type Room, rooms, type Without } from './floors.ts'

interface Pattern {
  readonly group: readonly string[]
  readonly message: string
}
interface Override {
  readonly includes: readonly string[]
  readonly linter: object
}

/** Files beside the code that only tests load: the tests, and what several of them share. */
const forTests = ['*.{test,fixture}.ts', 'testing.ts', 'world.ts'] as const

const target = new URL('../walls.json', import.meta.url)

const past: Pattern = {
  group: ['**/src/**'],
  message: 'Import a package by its name, through its door.',
}
const doors: Pattern = {
  group: ['../*/**', '!../*/index.ts', '!../../*.ts', '!../../*.tsx', '!../../*/index.ts', '!../../package.json'],
  message: "Import another folder through its door (index.ts). A package's folders are at most two deep.",
}
const servers: Pattern = {
  group: ['fastify', 'fastify/**', '@fastify/**', 'node:http', 'node:http2', 'node:https', 'oidc-provider'],
  message: 'HTTP is met in server/ alone.',
}

function ours(may: readonly string[]): Pattern {
  return {
    group: ['@muster/**', ...may.map((name) => `!${name}`)],
    message: may.length
      ? `Of ours, this room may import only ${may.join(', ')}.`
      : 'This room imports nothing of ours.',
  }
}

interface Own {
  readonly code: Pattern
  readonly tests: Pattern
}
function ownOf({ may, tests = [] }: Room): Own {
  return { code: ours(may), tests: ours([...may, ...tests]) }
}

function override(includes: readonly string[], rules: object): Override {
  return { includes, linter: { rules } }
}

function imports(includes: readonly string[], patterns: readonly Pattern[]): Override {
  return override(includes, { style: { noRestrictedImports: { level: 'error', options: { patterns } } } })
}

/** Words of a browser or a process that the contract, being pure data and types, has no use for. */
const globals =
  'window document navigator localStorage fetch XMLHttpRequest WebSocket process Buffer setTimeout setInterval'
const pure = Object.fromEntries(globals.split(' ').map((name) => [name, 'The contract does nothing: no I/O here.']))

const withouts: Readonly<Record<Without, object>> = {
  node: { correctness: { noNodejsModules: 'error' } },
  globals: { style: { noRestrictedGlobals: { level: 'error', options: { deniedGlobals: pure } } } },
  console: { suspicious: { noConsole: 'error' } },
  http: {}, // an import pattern, see roomWalls
}

function roomWalls(room: Room): Override[] {
  const folder = room.folder === 'plugins/!(kit)' ? ['plugins/*/src/**', '!plugins/kit/**'] : [`${room.folder}/src/**`]
  const { without = [] } = room
  const own = ownOf(room)
  const foreign = without.includes('http') ? [servers] : []
  const production = [...folder, ...forTests.map((kind) => `!**/${kind}`), '!**/testing/**']
  return [
    imports(production, [own.code, past, doors, ...foreign]),
    imports(testsOf(folder), [own.tests, past, { ...doors, group: [...doors.group, '!../testing/*.ts'] }]),
    ...without.filter((w) => w !== 'http').map((w) => override(production, withouts[w])),
  ]
}

function testsOf(folder: readonly string[]): string[] {
  const kinds = [...forTests, 'testing/**']
  return folder.flatMap((f) => (f.startsWith('!') ? [f] : kinds.map((kind) => f.replace('**', `**/${kind}`))))
}

/** core/src: features by floor, the composition (core.ts) above them all, and the testing door above that. */
function coreWalls(): Override[] {
  const own = ownOf(rooms['@muster/core']!)
  const features = coreFloors.flatMap((floor, height) => {
    const below = coreFloors.slice(0, height).flat()
    return floor.flatMap((feature) => featureWalls(feature, below, own))
  })
  const composed: Pattern = {
    group: ['./*/**', '!./*/index.ts'],
    message: 'Import a feature through its door (index.ts).',
  }
  const tested: Pattern = { group: ['../*/**', '!../*/index.ts'], message: composed.message }
  return [
    imports(['core/src/*.ts', '!**/*.test.ts'], [own.code, past, servers, composed]),
    imports(['core/src/*.test.ts'], [own.tests, past, composed]),
    imports(['core/src/testing/**'], [own.tests, past, servers, tested]),
    ...features,
  ]
}

function featureWalls(feature: string, below: readonly string[], own: Own): Override[] {
  const open = below.map((name) => `!../${name}/index.ts`)
  const known = below.length ? `the doors (index.ts) of ${below.join(', ')}` : 'nothing else of core'
  const message = `core/${feature} is one flat folder and may import ${known}; what must flow upward is an event.`
  const tests = forTests.map((kind) => `core/src/${feature}/**/${kind}`)
  return [
    imports(
      [`core/src/${feature}/**`, ...forTests.map((kind) => `!**/${kind}`)],
      [own.code, past, servers, { group: ['../**', ...open], message }],
    ),
    imports(tests, [own.tests, past, { group: ['../**', ...open, '!../testing/index.ts'], message }]),
  ]
}

function portalWalls(): Override[] {
  const own = ownOf(rooms['@muster/portals']!).code
  const shut = (areas: readonly string[]): Pattern => ({
    group: areas.flatMap((a) => [`../${a}/**`, `../../${a}/**`]),
    message: 'An area of the portals knows no other area; what they share lives beside them.',
  })
  const areas = portalAreas.map((area) =>
    imports([`portals/src/${area}/**`], [own, past, doors, shut(portalAreas.filter((a) => a !== area))]),
  )
  const shared = imports(
    ['portals/src/*/**', ...portalAreas.map((a) => `!portals/src/${a}/**`)],
    [own, past, doors, shut(portalAreas)],
  )
  const browser = override(['portals/src/*/**', '!**/*.test.ts'], withouts.node)
  return [shared, ...areas, browser]
}

/** The text of tools/walls.json. A later override replaces an earlier one's rule, so the finer walls come last. */
export function wallsText(): string {
  const overrides = [...Object.values(rooms).flatMap(roomWalls), ...coreWalls(), ...portalWalls()]
  return `{\n  "overrides": [\n${overrides.map((o) => `    ${JSON.stringify(o)}`).join(',\n')}\n  ]\n}\n`
}

if (import.meta.main) {
  const wanted = wallsText()
  if (!argv.includes('--check')) writeFileSync(target, wanted)
  else if (readFileSync(target, 'utf8') !== wanted) {
    console.error('tools/walls.json differs from tools/src/floors.ts: run `npm run walls`.')
    exit(1)
  }
}
