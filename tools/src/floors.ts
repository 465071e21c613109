// The floors of the house as a table: what each room may import of ours. The lint's walls (tools/walls.json) are made from it.

/** One package: its folder, the packages of ours that it may import, and what else it must do without. */
export interface Room {
  readonly folder: string
  readonly may: readonly string[]
  /** Doors that only its tests may open. */
  readonly tests?: readonly string[]
  readonly without?: readonly Without[]
}
/** `node`: no node: module. `globals`: nothing of a browser or a process. `http`: no web server. `console`: speaks through its log. */
export type Without = 'node' | 'globals' | 'http' | 'console'

const contract = '@muster/contract'

/** From the ground up. A package that is not here may import nothing of ours. */
export const rooms: Readonly<Record<string, Room>> = {
  [contract]: { folder: 'contract', may: [], without: ['node', 'globals', 'console'] },
  '@muster/core': { folder: 'core', may: [contract], tests: [`${contract}/testing`], without: ['http', 'console'] },
  '@muster/kit': {
    folder: 'plugins/kit',
    may: [contract],
    tests: [`${contract}/testing`],
    without: ['http', 'console'],
  },
  '@muster/plugin-*': {
    folder: 'plugins/!(kit)',
    may: [
      contract,
      '@muster/kit',
      '@muster/kit/cms',
      '@muster/kit/der',
      '@muster/kit/plist',
      '@muster/kit/wbxml',
      '@muster/kit/words',
      '@muster/kit/xml',
    ],
    tests: [`${contract}/testing`, '@muster/kit/testing'],
    without: ['http', 'console'],
  },
  '@muster/push': { folder: 'push', may: [contract], without: ['console'] },
  '@muster/client': { folder: 'client', may: [] },
  '@muster/portals': { folder: 'portals', may: ['@muster/client'] },
  '@muster/server': {
    folder: 'server',
    may: [contract, '@muster/core', '@muster/kit', '@muster/plugin-*', '@muster/push', '@muster/portals'],
    tests: [`${contract}/testing`, '@muster/core/testing'],
  },
  '@muster/agent': { folder: 'agent', may: [contract] },
  '@muster/fleet': { folder: 'fleet', may: [contract] },
  '@muster/cli': {
    folder: 'cli',
    may: [contract, '@muster/core', '@muster/server', '@muster/client', '@muster/fleet', '@muster/fleet/flags'],
    tests: ['@muster/core/testing'],
  },
  '@muster/e2e': { folder: 'e2e', may: ['@muster/*', '@muster/*/testing', '@muster/kit/*'] },
  '@muster/bench': {
    folder: 'bench',
    may: ['@muster/*', '@muster/core/testing', '@muster/push/testing', '@muster/kit/*'],
  },
  '@muster/tools': { folder: 'tools', may: [contract, '@muster/core', '@muster/server', '@muster/client'] },
}

/** Inside core: a feature may import the doors of the floors below its own; what must flow upward is an event. */
export const coreFloors: readonly (readonly string[])[] = [
  ['failpoints'],
  ['db', 'clock'],
  ['secrets', 'registry', 'signing', 'retention', 'jobs'],
  ['events', 'audit'],
  ['configuration', 'access', 'certificates', 'escrow', 'recovery'],
  ['devices'],
  ['queries', 'approvals'],
  ['groups', 'enrollment'],
  ['operations'],
  ['policies', 'apps'],
  ['compliance', 'platforms'],
  ['reports', 'alerts', 'backup'],
  ['webhooks'],
]

/** Inside portals: areas of one web app that share the rooms beside them and know nothing of one another. */
export const portalAreas: readonly string[] = ['console', 'enrol', 'publisher', 'store', 'wifi']
