/** The door of the console's enrol page. */
export { EnrolPage } from './enrol-page.tsx'
