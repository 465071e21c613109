/** The door of queries: the filter of the device list, and filters that people keep by name. */
export { type DeviceFilter, filterSchema, filterSql, lifecycles, seenSql } from './filter.ts'
export { createQueries, type SavedQuery, type SavedQueryInput, savedQuerySchema } from './queries.ts'
export { type ComplianceState, complianceSql, complianceStates } from './rollup.ts'
