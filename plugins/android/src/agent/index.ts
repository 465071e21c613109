/** The door of the agent channel: devices that run our own agent. */
export { createAgent } from './agent.ts'
export { agentEvents, agentFacts } from './facts.ts'
export * from './feature-checks.ts'
export { agentFeature, agentOperation } from './rows.ts'
export * from './secret-checks.ts'
export { agentSettings } from './settings.ts'
export { wakeMigration, wakeSetup, wakeStep } from './wake-setup.ts'
