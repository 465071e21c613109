/** The door of escrow. */
export { putEscrow, readEscrow, readOwnEscrow } from './escrow.ts'
export { createEscrowLook, type EscrowItem, type EscrowLook } from './look.ts'
