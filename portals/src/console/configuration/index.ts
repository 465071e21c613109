/** The door of the configuration page. */
export { ConfigurationPage } from './configuration-page.tsx'
