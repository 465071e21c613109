/** The door of the platforms' set-up. */
export { SetupPage } from './setup-page.tsx'
