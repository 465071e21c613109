/** The door of Automated Device Enrolment. */
export { createAutomated } from './automated.ts'
export { automatedSetup, automatedStep } from './descriptor.ts'
export { automatedMigration } from './store.ts'
