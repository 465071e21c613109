/** The door of the server. */
export { type Description, describeServer } from './describe.ts'
export { installedPlatforms } from './platforms.ts'
