/** The door of platforms. */
export type { Catalog, CatalogFeature, CatalogOperation, CatalogPlatform } from './catalog.ts'
export { createCatalog } from './catalog.ts'
export type { PlatformsDeps } from './deps.ts'
export { moveChannels } from './move.ts'
export { personOf } from './people.ts'
export { createPlatforms, type InvitationPage, type Platforms } from './platforms.ts'
export { pluginMigrations } from './schema.ts'
export type { Setup, SetupStepView } from './setup.ts'
