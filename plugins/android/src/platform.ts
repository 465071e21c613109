/** Android: phones with Google's services through the Android Management API, all others through Muster's own agent. */
import type { OpenPlatform, Platform } from '@muster/contract'
import { createAgent, wakeMigration, wakeStep } from './agent/index.ts'
import { rowsOf } from './area.ts'
import { descriptors } from './descriptors.ts'
import { features } from './features/index.ts'
import { createGoogle, formerMigration, googleMigrations, googleOrigins, partingMigration } from './google/index.ts'
import { operations } from './operations/index.ts'
import { settings as settingsShape } from './settings.ts'

const rows = { operations: rowsOf(operations), features: rowsOf(features) }

const twice = new Set(operations.filter((o) => o.descriptor.repeatable).map((o) => o.descriptor.id))
const repeatable = (operation: string) => twice.has(operation)

export const android: Platform = {
  id: 'android',
  title: 'Android',
  // "device" is reached through Google, "agent" comes by itself.
  settings: { device: 'whole', agent: 'each' },
  agents: 'agent',
  migrations: [...googleMigrations, wakeMigration, partingMigration, formerMigration],
  describe: () => descriptors,
  rows: () => rows,
  origins: (settings) => googleOrigins(settingsShape.parse(settings ?? {}).google),
  open: async (host, settings): Promise<OpenPlatform> => {
    const s = settingsShape.parse(settings ?? {})
    const google = createGoogle(host, s.google, { features: rows.features, repeatable })
    const agent = createAgent(host, s.agent)
    return {
      routes: [...google.routes, ...agent.routes],
      invite: async (i) => ({ steps: [...(await google.steps(i)), ...(await agent.steps(i))] }),
      wake: agent.wake,
      deliver: google.deliver,
      calls: ['device'],
      rate: google.rate,
      jobs: google.jobs,
      credential: agent.credential,
      setup: {
        state: (step) => (step === wakeStep ? agent : google).setup.state(step),
        act: (a) => (a.step === wakeStep ? agent : google).setup.act(a),
      },
      close: async () => undefined,
    }
  },
}
