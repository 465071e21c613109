/** The door of SchemaForm: `useSchemaForm(schema)` holds the state, `<SchemaForm form>` shows it. */
export { type JsonSchema, oneOf, withSecrets } from './fields.ts'
export { type SchemaFormState, useSchemaForm } from './form.ts'
export { focusFirstError, SchemaForm } from './schema-form.tsx'
export { FormDialog, SubmitForm } from './submit-form.tsx'
export { pointerOf } from './values.ts'
export { wordsOf } from './words.ts'
