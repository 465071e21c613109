/** The provisioning document (wap-provisioningdoc 1.1): identity and authorities, the DM account, and how often to ask for work. */
import { createHash, X509Certificate } from 'node:crypto'
import type { Bytes } from '@muster/contract'
import { escapeXml } from '@muster/kit/xml'
import type { DmAccount } from '../account/index.ts'
import type { EnrollmentType } from './context.ts'
import { validity } from './policy.ts'
import type { Poll } from './settings.ts'

/** By this name the device knows our account, and its settings belong to it. */
export const providerId = 'Muster'

type Text = string | undefined
const parm = (name: string, value: Text, datatype?: 'integer' | 'boolean' | 'string') =>
  value === undefined
    ? ''
    : `<parm name="${name}" value="${escapeXml(value)}"${datatype === undefined ? '' : ` datatype="${datatype}"`}/>`
const set = (type: string, ...inside: string[]) =>
  inside.length === 0
    ? `<characteristic type="${escapeXml(type)}"/>`
    : `<characteristic type="${escapeXml(type)}">${inside.join('')}</characteristic>`

export interface Identity {
  /** Leaf, intermediate, root in DER. */
  chain: readonly Bytes[]
  /** Further authorities that the device must trust to reach us. */
  trust: readonly Bytes[]
  type: EnrollmentType
}
export interface Provisioning extends Identity {
  organisation: string
  server: string
  account: DmAccount
  poll: Poll
  /** The device's id here: named in its renewals. */
  id: string
  deviceName?: string
  /** Of the user, where one enrolled. */
  upn?: string
}

const head = '<wap-provisioningdoc version="1.1">'
const tail = '</wap-provisioningdoc>'

export function provisioningDocument(p: Provisioning): string {
  return `${head}${certificates(p, renew)}${application(p)}${dmClient(p)}${tail}`
}

/** After a renewal: the new identity, and where the account finds it. */
export function renewalDocument(p: Identity): string {
  const account = set('APPLICATION', parm('PROVIDER-ID', providerId), parm('SSLCLIENTCERTSEARCHCRITERIA', criteria(p)))
  return `${head}${certificates(p)}${account}${tail}`
}

const storeOf = (type: EnrollmentType) => (type === 'Full' ? 'User' : 'System')

/** Root before intermediate before the device's own: some clients count. */
function certificates({ chain, trust, type }: Identity, more = ''): string {
  const [leaf, ...authorities] = chain
  const root = authorities.at(-1)
  const between = authorities.slice(0, -1)
  if (!leaf || !root) throw new Error('a certificate without its authorities')
  const known = new Set(authorities.map((a) => kept(a).thumb))
  const others = trust.filter((t) => !known.has(kept(t).thumb))
  return set(
    'CertificateStore',
    set('Root', set('System', ...[root, ...others].map((c) => kept(c).xml))),
    ...(between.length > 0 ? [set('CA', set('System', ...between.map((c) => kept(c).xml)))] : []),
    set('My', set(storeOf(type), entry(leaf), set('PrivateKeyContainer')), ...(more ? [more] : [])),
  )
}
const renew = set(
  'WSTEP',
  set(
    'Renew',
    parm('ROBOSupport', 'true', 'boolean'),
    parm('RenewPeriod', String(validity.renewDays), 'integer'),
    parm('RetryInterval', String(validity.retryDays), 'integer'),
  ),
)

const thumbprint = (der: Bytes) => createHash('sha1').update(der).digest('hex').toUpperCase()
const entry = (der: Bytes) =>
  set(
    thumbprint(der),
    parm('EncodedCertificate', Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64')),
  )
/** The authorities are the same objects for all devices. */
const texts = new WeakMap<Bytes, { thumb: string; xml: string }>()
function kept(der: Bytes): { thumb: string; xml: string } {
  const there = texts.get(der)
  if (there) return there
  const made = { thumb: thumbprint(der), xml: entry(der) }
  texts.set(der, made)
  return made
}

/** By its whole name, part by part as the certificate has them (w7 APPLICATION), in the store where the device keeps it. */
function criteria({ chain, type }: Identity): Text {
  const [leaf] = chain
  const subject = leaf && new X509Certificate(leaf).subject
  if (!subject) return undefined
  const name = subject.split('\n').map(namePart).join(',')
  return `Subject=${encodeURIComponent(name)}&Stores=MY%5C${storeOf(type)}`
}
/** `O=Example, Inc.` with what RFC 2253 escapes taken back, in quotation marks where Windows (CertStrToName) wants them. */
function namePart(part: string): string {
  const at = part.indexOf('=') + 1
  const value = part
    .slice(at)
    .replace(/\\([0-9A-F]{2}|.)/g, (_, c: string) => (c.length === 2 ? String.fromCharCode(Number.parseInt(c, 16)) : c))
  return `${part.slice(0, at)}${/^\s|[,+="\n<>#;]|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value}`
}

const base64 = (bytes: Bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')

/** w7 APPLICATION: names are capital letters, and clients look at that. A nonce that is no base64 of real bytes makes them give up. */
function application(p: Provisioning): string {
  const { client, server } = p.account
  return set(
    'APPLICATION',
    parm('APPID', 'w7'),
    parm('PROVIDER-ID', providerId),
    parm('NAME', p.organisation || providerId),
    parm('ADDR', `${p.server}/windows/manage`),
    parm('CONNRETRYFREQ', '6'),
    parm('INITIALBACKOFFTIME', '30000'),
    parm('MAXBACKOFFTIME', '120000'),
    '<parm name="BACKCOMPATRETRYDISABLED"/>',
    parm('DEFAULTENCODING', 'application/vnd.syncml.dm+xml'),
    parm('SSLCLIENTCERTSEARCHCRITERIA', criteria(p)),
    // CLIENT: what we prove ourselves to the device with, under the account's own name; APPSRV: what it proves itself to us with.
    set(
      'APPAUTH',
      parm('AAUTHLEVEL', 'CLIENT'),
      parm('AAUTHTYPE', 'DIGEST'),
      parm('AAUTHSECRET', server.secret),
      parm('AAUTHDATA', base64(server.nonce)),
    ),
    set(
      'APPAUTH',
      parm('AAUTHLEVEL', 'APPSRV'),
      parm('AAUTHTYPE', 'DIGEST'),
      parm('AAUTHNAME', client.name),
      parm('AAUTHSECRET', client.secret),
      parm('AAUTHDATA', base64(client.nonce)),
    ),
  )
}

function dmClient(p: Provisioning): string {
  const { poll } = p
  return set(
    'DMClient',
    set(
      'Provider',
      set(
        providerId,
        ...(p.type === 'Full' ? [parm('UPN', p.upn, 'string')] : []),
        parm('EntDeviceName', p.deviceName, 'string'),
        parm('EntDMID', p.id, 'string'),
        set(
          'Poll',
          parm('NumberOfFirstRetries', String(poll.firstTimes), 'integer'),
          parm('IntervalForFirstSetOfRetries', String(poll.firstMinutes), 'integer'),
          parm('NumberOfSecondRetries', String(poll.secondTimes), 'integer'),
          parm('IntervalForSecondSetOfRetries', String(poll.secondMinutes), 'integer'),
          // 0: without end.
          parm('NumberOfRemainingScheduledRetries', '0', 'integer'),
          parm('IntervalForRemainingScheduledRetries', String(poll.thenMinutes), 'integer'),
          parm('PollOnLogin', 'true', 'boolean'),
        ),
      ),
    ),
  )
}
