/** CMS (RFC 5652) as devices speak it. */
export { type Cipher, type Digest, oids as cmsOids, signatureOf } from './algorithms.ts'
export { type CertificateParts, readCertificate } from './certificate.ts'
export { envelop, openEnveloped, type Recipient } from './enveloped.ts'
export { knownSigner } from './known-signer.ts'
export { certificatesOnly, type SignOptions, signData } from './sign.ts'
export { CmsError, openSigned, type Signed, type Signer } from './signed.ts'
