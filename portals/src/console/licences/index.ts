/** The door of the licence page. */
export { LicencePage } from './licence-page.tsx'
