/** What several platforms share: the server side of the JSON agent channel. */
export { cleanFacts, judged } from './agent-reports.ts'
export { type AgentChannelOptions, agentRoutes } from './agent-routes.ts'
export { jsonReply, readJson } from './json.ts'
export { evidenceOf, jsonFeatureRow, jsonRow, managedFact } from './json-row.ts'
