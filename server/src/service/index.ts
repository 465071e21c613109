/** The door of service: what operators and other machines ask of the server itself. */
export { failAroundAnswers } from './failpoints.ts'
export { healthRoutes } from './health.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { pkiRoutes } from './pki.ts'
