/** The door of the group pages. */
export { GroupPage } from './group-page.tsx'
export { GroupListPage } from './list-page.tsx'
