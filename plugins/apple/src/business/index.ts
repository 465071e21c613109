/** The door of what Apple Business Manager knows of this server. */
export { type Business, businessMigration, createBusiness } from './business.ts'
export { type BusinessClient, BusinessError, createBusinessClient } from './client.ts'
export { businessSetup, businessStep } from './descriptor.ts'
