/** The door of Apple's platform. */
export { factsIn } from './answer.ts'
export { apple } from './platform.ts'
