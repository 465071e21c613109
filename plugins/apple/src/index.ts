/** The door of Apple's platform. */
export { apple } from './platform.ts'
