/** Entries are chained over the canonical form that everybody uses. */
export { canonical } from '@muster/contract'
