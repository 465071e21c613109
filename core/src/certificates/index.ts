/** The door of certificates. */
export { type Certificates, createCertificates, type Identified, type Issued } from './certificates.ts'
export type { OwnCertificate } from './own-certificate.ts'
export { readRequest } from './request.ts'
export type { ServerCertificate } from './server-certificate.ts'
