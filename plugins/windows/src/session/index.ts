/** The door of management sessions (OMA DM 1.2). */
export { CannotWrite, type Encode, type Written } from './deliveries.ts'
export { digest } from './digest.ts'
export type { PlainRows } from './plain-answer.ts'
export { createManagement, type ManagementDeps } from './routes.ts'
export { talkMigration } from './store.ts'
