/** The door of the Android platform. */
export { android } from './platform.ts'
