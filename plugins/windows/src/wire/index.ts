/** The door of the wire: what rows and the session say to each other. */
export { buildOf, cspFact, cspVersion, editionFact, hasCsp, inventoryFact, versionFact } from './facts.ts'
export type { Answer, Format, Node, NodeStatus, Verb, Work, WorkCommand } from './wire.ts'
export { formats, nodesFact, readAnswer, verbs } from './wire.ts'
