/** The door of the agent. */
export { main } from './cli.ts'
export { agentVersion } from './version.ts'
