/** The door of the Windows platform. */
export { windows } from './platform.ts'
