/** The door of the server. */
export { apiPrefix } from './api/index.ts'
export { type Description, describeServer } from './describe.ts'
export { createLog } from './log.ts'
export { optionsOf, type Role, roles, type ServerOptions } from './options.ts'
export { installedPlatforms } from './platforms.ts'
export { serve } from './serve.ts'
export { type RunningServer, startServer } from './start.ts'
export { version } from './version.ts'
