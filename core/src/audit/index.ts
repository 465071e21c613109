/** The room of the audit: who did what, in the transaction of the deed, sealed into a signed hash chain within a second. */
export { type Audit, type AuditEntry, createAudit } from './audit.ts'
export { type AuditLine, type HeadLine, type Verified, verifyChain } from './chain.ts'
export { openAuditKey } from './key.ts'
export { insertEntry } from './store.ts'
