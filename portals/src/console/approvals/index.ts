/** The door of the page of approvals. */
export { ApprovalListPage } from './list-page.tsx'
export { WaitsForApproval } from './waits.tsx'
