/** The door of the user pages. */
export { UserSelect } from './user-select.tsx'
