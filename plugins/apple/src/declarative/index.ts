/** The door of declarative management. */
export { createDeclarative, type Declarative, declarationsErrand } from './declarative.ts'
export { declarationMigration } from './store.ts'
