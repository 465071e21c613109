/** The door of the Google channel: enterprise, enrolment, documents, commands, notifications. */
export { readAccount } from './account.ts'
export { googleFacts } from './facts.ts'
export { createGoogle, type GoogleChannel } from './google.ts'
export { type GoogleSettings, googleOrigins, googleSettings } from './settings.ts'
export { googleSetup } from './setup-words.ts'
export { formerMigration, migrations as googleMigrations, partingMigration } from './store.ts'
export { usageEvents } from './usage.ts'
