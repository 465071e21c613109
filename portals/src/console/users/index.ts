/** The door of the user pages. */
export { UserListPage } from './list-page.tsx'
export { UserPage } from './user-page.tsx'
export { UserSelect } from './user-select.tsx'
