/** The door of the Linux platform. */
export { linux } from './platform.ts'
