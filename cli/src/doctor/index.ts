/** The door of the examination. */
export { examine } from './examine.ts'
export { type Finding, hasFailed } from './finding.ts'
