/** The door of the home page. */
export { HomePage } from './home-page.tsx'
