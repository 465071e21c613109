/** The door of the alert page. */
export { AlertListPage } from './list-page.tsx'
