/** What an administrator sets of the platform: where Google's services are reached and how often, and the agent that devices without them run. */
import { z } from 'zod'
import { agentSettings } from './agent/index.ts'
import { googleSettings } from './google/index.ts'

export const settings = z
  .object({
    google: googleSettings.prefault({}),
    agent: agentSettings.prefault({}),
  })
  .strict()
