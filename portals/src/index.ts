/** The door of the portals for the server: where the bundle is, how it is made fresh, and the page that starts it. */
export { type BuildLog, buildPortals, distDir, renderPage } from './build.ts'
/** First segments of the addresses that the web app shows (see app.tsx); the server answers all below them with its page. */
export const pageRoots = [
  'devices',
  'groups',
  'enrol',
  'policies',
  'activities',
  'alerts',
  'approvals',
  'users',
  'roles',
  'clients',
  'webhooks',
  'licences',
  'certificates',
  'platforms',
  'configuration',
  'audit',
] as const
