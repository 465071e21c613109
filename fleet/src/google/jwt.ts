/** Signed tokens as Google signs and takes them (RFC 7519, RS256 of RFC 7518), with the keys' public halves as a key set. */
import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'

export interface SigningKey {
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}
export type Claims = Record<string, unknown>

export function newSigningKey(id: string): SigningKey {
  return { id, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }
}
export const jwkOf = (key: SigningKey) => ({
  ...key.publicKey.export({ format: 'jwk' }),
  kid: key.id,
  alg: 'RS256',
  use: 'sig',
})

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

export function signed(claims: Claims, key: SigningKey, head: object = {}): string {
  const text = `${encoded({ alg: 'RS256', typ: 'JWT', kid: key.id, ...head })}.${encoded(claims)}`
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key.privateKey).toString('base64url')}`
}

/** Its head and claims, unverified; undefined for anything that is no such token. */
export function read(token: string): { head: Claims; claims: Claims } | undefined {
  const [head = '', claims = '', signature] = token.split('.')
  if (signature === undefined) return undefined
  try {
    const part = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown
    const read = { head: part(head), claims: part(claims) }
    return isClaims(read.head) && isClaims(read.claims) ? { head: read.head, claims: read.claims } : undefined
  } catch {
    return undefined
  }
}
const isClaims = (v: unknown): v is Claims => typeof v === 'object' && v !== null && !Array.isArray(v)

export function isSignedBy(token: string, key: KeyObject): boolean {
  const dot = token.lastIndexOf('.')
  const [text, signature] = [token.slice(0, dot), Buffer.from(token.slice(dot + 1), 'base64url')]
  return verify('RSA-SHA256', Buffer.from(text), key, signature)
}
