/** The agent channel's side of the platform: routes for agents, how a device comes to one, and how it is woken. */
import type { ChannelDetail, OpenPlatform, PlatformHost, Route, Step, Wake } from '@muster/contract'
import { agentRoutes, judged } from '@muster/kit'
import manifest from '../../package.json' with { type: 'json' }
import { pushed, wakeOf } from './push.ts'
import type { AgentSettings } from './settings.ts'
import { agentSteps } from './steps.ts'
import { createWakeSetup, type WakeSetup } from './wake-setup.ts'

export interface AgentChannel extends WakeSetup {
  readonly routes: readonly Route[]
  steps(i: Parameters<OpenPlatform['invite']>[0]): Promise<readonly Step[]>
  wake(c: Pick<ChannelDetail, 'push'>): Wake | undefined
}

export function createAgent(host: PlatformHost, settings: AgentSettings): AgentChannel {
  const { minimumVersion: minimumAgent, longPollS } = settings
  return {
    routes: agentRoutes(pushed(judged(host, minimumAgent)), {
      platform: 'android',
      version: manifest.version,
      minimumAgent,
      longPollS,
    }),
    steps: async (i) => agentSteps(settings, { ...i, trust: host.server().trust }),
    wake: wakeOf,
    ...createWakeSetup(host),
  }
}
