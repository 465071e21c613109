/** The door of groups. */
export { createGroups, type Group, type GroupInput, type Groups, type MemberChange } from './groups.ts'
export { type Condition, checkQuery, type Query, queryLimits, querySql } from './query.ts'
export { checkTarget, inGroups, type Target, targetSchema, targetSql } from './target.ts'
