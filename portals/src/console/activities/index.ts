/** The door of the activity pages. */
export { ActivityPage } from './activity-page.tsx'
export { ActivityListPage } from './list-page.tsx'
