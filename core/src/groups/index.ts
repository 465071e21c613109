/** The door of groups. */
export { createGroups, type Group, type GroupInput, type Groups, type MemberChange } from './groups.ts'
export type { Condition, Query } from './query.ts'
export { checkQuery, querySql } from './query.ts'
export { checkTarget, type Target, targetSchema, targetSql } from './target.ts'
