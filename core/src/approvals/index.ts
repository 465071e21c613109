/** The door of approvals. */
export { type ApprovalFilter, type Approvals, type ApprovalView, createApprovals } from './approvals.ts'
export type { Guard, Guarded } from './budget.ts'
export { type ApprovalState, approvalStates } from './states.ts'
