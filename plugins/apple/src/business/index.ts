/** The door of what Apple Business Manager knows of this server. */
export { businessMigration, createBusiness } from './business.ts'
export { businessSetup, businessStep } from './descriptor.ts'
