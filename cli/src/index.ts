/** The door of the command line. */
export { run } from './program.ts'
