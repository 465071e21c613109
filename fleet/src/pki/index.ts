/** The door of what devices of several platforms make with their keys: DER, certificates and requests, signed and enveloped messages. */
export * from './certificate.ts'
export * from './cms.ts'
export * from './der.ts'
