/** The door of the schemas. */
export { type Discovery, readDiscovery } from './discovery.ts'
export { policyViolations } from './policy-rules.ts'
export { fieldsOf, type Type } from './table.ts'
export { violationsOf } from './validate.ts'
