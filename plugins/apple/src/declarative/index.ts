/** The door of declarative management. */
export { createDeclarative, type Declarative, declarationsErrand } from './declarative.ts'
export { declaredFacts } from './status-items.ts'
export { declarationMigration, declaredPartMigration } from './store.ts'
