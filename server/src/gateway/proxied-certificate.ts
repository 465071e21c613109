/** Client certificates that a proxy has verified and hands on in a header: believed from the proxies that are configured, and from nobody else. */
import type { FastifyRequest } from 'fastify'
import { type Networks, networksOf } from '../networks.ts'
import { clientCertificate } from './listen.ts'

export interface ProxiedCertificates {
  /** Addresses, networks in CIDR, or the words loopback, linklocal and uniquelocal. */
  trustedProxies?: readonly string[]
  /** Name of the header; unset: only connections of their own show certificates. */
  header?: string
}
export type CertificateReader = (request: FastifyRequest) => Buffer | undefined

/** DER of the certificate that the caller has proven to the connection, or to the proxy. Throws an Error that says which proxy cannot be read. */
export function createCertificateReader({ trustedProxies = [], header }: ProxiedCertificates): CertificateReader {
  if (header === undefined) return (request) => clientCertificate(request.raw)
  const name = header.toLowerCase()
  const proxies = networksOfProxies(trustedProxies)
  return (request) => {
    const peer = request.raw.socket.remoteAddress ?? ''
    // The proxy's own certificate is nobody's: behind it, the header alone speaks.
    if (!proxies.holds(peer)) return clientCertificate(request.raw)
    const value = request.headers[name]
    return typeof value === 'string' ? readCertificateHeader(value) : undefined
  }
}

/** `:base64 of DER:` (RFC 9440), or PEM with percent signs as nginx writes `$ssl_client_escaped_cert`. undefined: neither. */
export function readCertificateHeader(value: string): Buffer | undefined {
  const text = value.trim()
  return certificateIn(plainBase64(text) ?? checkedBase64(text))
}

/** By its colons and its length: decoding leaves out what is no letter of base64, so that what it gives is shorter then. */
function plainBase64(text: string): Buffer | undefined {
  const letters = text.length - 2
  if (letters < 4 || letters % 4 !== 0 || text.charCodeAt(0) !== 58 || text.charCodeAt(letters + 1) !== 58)
    return undefined
  const der = Buffer.from(text.slice(1, -1), 'base64')
  const filling = text.charCodeAt(letters) !== 61 ? 0 : text.charCodeAt(letters - 1) !== 61 ? 1 : 2
  return der.length === (letters / 4) * 3 - filling && !text.includes('-') && !text.includes('_') ? der : undefined
}

function checkedBase64(text: string): Buffer | undefined {
  const base64 = /^:([^:]*):$/.exec(text)?.[1] ?? pemIn(text)
  if (base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  return Buffer.from(base64, 'base64')
}

/** A SEQUENCE whose length needs two octets more, as every certificate's. */
function certificateIn(der: Buffer | undefined): Buffer | undefined {
  return der?.[0] === 0x30 && der[1] === 0x82 && der.readUInt16BE(2) + 4 === der.length ? der : undefined
}

function pemIn(text: string): string | undefined {
  if (!/^-----BEGIN(%20| )CERTIFICATE-----/i.test(text)) return undefined
  try {
    const pem = decodeURIComponent(text)
    return /^-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----\s*$/
      .exec(pem)?.[1]
      ?.replace(/\s/g, '')
  } catch (e) {
    if (e instanceof URIError) return undefined
    throw e
  }
}

const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** Addresses, networks, and words for some of them. Throws an Error that says which cannot be read. */
export function networksOfProxies(proxies: readonly string[]): Networks {
  try {
    return networksOf(proxies.flatMap((p) => named[p] ?? [p]))
  } catch (e) {
    throw new Error(
      `MUSTER_TRUSTED_PROXIES takes addresses and networks like 10.1.0.0/16: ${e instanceof Error ? e.message : String(e)}`,
    )
  }
}
