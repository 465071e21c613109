/** The door of the agent channel's device side: any platform that Muster's own agent serves joins the fleet with a Simulator. */
export { agentPlatform } from './platform.ts'
export type { Effect, Identity, Machine, SimulatedFeature, SimulatedOperation, Simulator } from './simulator.ts'
