/** A SOAP message of the enrolment client: whom it is for, what it proves itself with, and its body. Bounded, without a DTD. */
import { at, child, readXml, textAt, type XmlElement, XmlError } from '@muster/kit/xml'
import { namespaces } from './names.ts'

export interface UsernameToken {
  readonly username: string
  readonly password: string
}
export interface Token {
  readonly valueType: string
  /** As it stands, without spaces around it. */
  readonly text: string
}
export interface SoapMessage {
  /** Without the spaces that wrapped examples and clients put around it. */
  readonly action: string
  /** Echoed as RelatesTo. */
  readonly messageId: string
  readonly username?: UsernameToken
  readonly token?: Token
  /** The one element of the body. */
  readonly body: XmlElement
}

/** A request for a certificate has some 6 KB, with an attestation twice that. */
export const envelopeBytes = 128 * 1024
const limits = { bytes: envelopeBytes, depth: 16, elements: 1000 }
const longestId = 512

/** undefined: this is no SOAP message at all, to be answered in HTTP's own words. */
export function readEnvelope(bytes: Uint8Array): SoapMessage | undefined {
  const root = tree(bytes)
  if (root?.name !== 'Envelope' || (root.ns !== namespaces.soap && root.ns !== namespaces.oldSoap)) return undefined
  const [bodies, header] = [root.children.filter((c) => c.name === 'Body' && c.ns === root.ns), child(root, 'Header')]
  const body = bodies[0]?.children[0]
  if (!body || bodies.length !== 1 || bodies[0]?.children.length !== 1) return undefined
  const security = child(header, 'Security')
  const token = child(security, 'BinarySecurityToken')
  return {
    action: textAt(header, 'Action') ?? '',
    messageId: (textAt(header, 'MessageID') ?? '').slice(0, longestId),
    username: usernameToken(security),
    token: token && { valueType: (token.attributes.ValueType ?? '').trim(), text: token.text.trim() },
    body,
  }
}

function tree(bytes: Uint8Array): XmlElement | undefined {
  try {
    return readXml(withoutLead(bytes), limits)
  } catch (e) {
    if (e instanceof XmlError) return undefined
    throw e
  }
}

/** A declaration stands first (XML 1.0, 2.8); blank lines before it are forgiven. */
function withoutLead(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((b) => b !== 0x20 && b !== 0x0a && b !== 0x0d && b !== 0x09)
  return first > 0 ? bytes.subarray(first) : bytes
}

function usernameToken(security: XmlElement | undefined): UsernameToken | undefined {
  const given = child(security, 'UsernameToken')
  if (!given) return undefined
  return { username: textAt(given, 'Username') ?? '', password: unwrapped(at(given, 'Password')?.text ?? '') }
}

/** Spaces belong to a password; line breaks around it are of the document's layout. */
function unwrapped(text: string): string {
  return text.replace(/^\s*[\r\n]\s*/, '').replace(/\s*[\r\n]\s*$/, '')
}
