/** The algorithms of CMS messages that devices send, by object identifier (RFC 3370, 5754, 8017). */

export type Digest = 'sha1' | 'sha256' | 'sha384' | 'sha512'

export const oids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  rsa: '1.2.840.113549.1.1.1',
  rsaOaep: '1.2.840.113549.1.1.7',
  subjectKeyIdentifier: '2.5.29.14',
} as const

export const digestOids: Readonly<Record<Digest, string>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}
const digests = new Map(Object.entries(digestOids).map(([name, id]) => [id, name as Digest]))

/** Signature algorithms that name their digest; others (plain rsaEncryption) take the signer's digest. */
const signatures = new Map<string, { kind: 'rsa' | 'ec'; digest?: Digest }>([
  [oids.rsa, { kind: 'rsa' }],
  ['1.2.840.113549.1.1.5', { kind: 'rsa', digest: 'sha1' }],
  ['1.3.14.3.2.29', { kind: 'rsa', digest: 'sha1' }],
  ['1.2.840.113549.1.1.11', { kind: 'rsa', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { kind: 'rsa', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { kind: 'rsa', digest: 'sha512' }],
  ['1.2.840.10045.4.1', { kind: 'ec', digest: 'sha1' }],
  ['1.2.840.10045.4.3.2', { kind: 'ec', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { kind: 'ec', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { kind: 'ec', digest: 'sha512' }],
  ['1.2.840.10045.2.1', { kind: 'ec' }],
])
export const ecSignatureOids: Readonly<Record<Digest, string>> = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
}

export type Cipher = 'des' | '3des' | 'aes128' | 'aes192' | 'aes256'
/** OpenSSL 3 refuses single DES; with its key three times, triple DES is the same. */
export const ciphers: Readonly<Record<Cipher, { oid: string; node: string; key: number; iv: number; repeat?: 3 }>> = {
  des: { oid: '1.3.14.3.2.7', node: 'des-ede3-cbc', key: 8, iv: 8, repeat: 3 },
  '3des': { oid: '1.2.840.113549.3.7', node: 'des-ede3-cbc', key: 24, iv: 8 },
  aes128: { oid: '2.16.840.1.101.3.4.1.2', node: 'aes-128-cbc', key: 16, iv: 16 },
  aes192: { oid: '2.16.840.1.101.3.4.1.22', node: 'aes-192-cbc', key: 24, iv: 16 },
  aes256: { oid: '2.16.840.1.101.3.4.1.42', node: 'aes-256-cbc', key: 32, iv: 16 },
}

export const digestOf = (id: string): Digest | undefined => digests.get(id)
export const signatureOf = (id: string) => signatures.get(id)
export const cipherOf = (id: string): Cipher | undefined =>
  (Object.keys(ciphers) as Cipher[]).find((name) => ciphers[name].oid === id)
