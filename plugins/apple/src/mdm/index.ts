/** The door of the MDM protocol: check-in and connect. */

export { CannotWrite, type Encode, type ReadFacts } from './connect.ts'
export type { DeclarativePort } from './declarative-port.ts'
export { escrow, escrowNames, fileVaultPurpose, setsPassword } from './escrow.ts'
export { formFactorOf, osOf } from './facts.ts'
export { readMessage } from './message.ts'
export { failedBefore, type More, type PlainCommand, type Written } from './more.ts'
export { proofOf } from './proof.ts'
export { mdmRoutes } from './routes.ts'
export { wakeOf } from './wake.ts'
