/** The door for tests: clients of the protocols that platforms serve, able to do wrong. */
export {
  bytesOf,
  type CertificateRequestOptions,
  type CertRep,
  certificateRequest,
  ecKey,
  openBag,
  readCertRep,
  rsaKey,
  type ScepHolder,
  type ScepMessageOptions,
  scepMessage,
  selfSigned,
} from './scep-client.ts'
