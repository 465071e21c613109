/** The door of setting up: what an administrator does before Apple's devices come. */
export { pushCertificateSetup } from './descriptor.ts'
export { createPushCertificate, type PushCertificate } from './push-certificate.ts'
export { migration as pushCertificateMigration } from './store.ts'
