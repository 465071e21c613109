/** The door of SOAP: the envelopes of Windows' enrolment services, read within bounds and written. */
export { faultReply, type Problematic, SoapFault } from './fault.ts'
export { namespaces } from './names.ts'
export { envelopeBytes, readEnvelope, type SoapMessage, type Token, type UsernameToken } from './read.ts'
export { soapReply, type Written } from './write.ts'
