/** The door of the portals for the server: where the bundle is, how it is made fresh, and the page that starts it. */
export { type BuildLog, buildPortals, distDir, renderPage } from './build.ts'
