/** The door of the policy pages. */
export { PolicyListPage } from './list-page.tsx'
export { PolicyPage } from './policy-page.tsx'
