/** The door of the MDM protocol: check-in and connect. */
export { escrowNames } from './checkin.ts'
export type { Encode, ReadFacts } from './connect.ts'
export type { DeclarativePort } from './declarative-port.ts'
export { formFactorOf, osOf } from './facts.ts'
export { mdmRoutes } from './routes.ts'
