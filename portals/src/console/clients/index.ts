/** The door of the API client page. */
export { ClientListPage } from './list-page.tsx'
