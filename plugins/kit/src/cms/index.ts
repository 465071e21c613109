/** CMS (RFC 5652) as devices speak it. */
export { type Cipher, type Digest, oids as cmsOids, signatureOf } from './algorithms.ts'
export { type CertificateParts, readCertificate } from './certificate.ts'
export { type Crowd, createCrowd } from './crowd.ts'
export { envelop, openEnveloped, type Recipient } from './enveloped.ts'
export { type Claim, claimOf, knownSigner } from './known-signer.ts'
export { certificatesOnly, type SignOptions, signData, signDataInPool } from './sign.ts'
export { CmsError, openSigned, type Signed, type Signer } from './signed.ts'
