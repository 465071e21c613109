/**
 * Enrolment over the air (Apple, Over-the-Air Profile Delivery): the device says what it is, gets an identity for the conversation, and with
 * it the enrolment profile. Of devices that come with one address alone, as kiosks and old tools do.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type Bytes, type JsonObject, languageOf, type Message, type Reply, type Route } from '@muster/contract'
import { type CertificateParts, CmsError, openSigned, readCertificate } from '@muster/kit/cms'
import { DerError } from '@muster/kit/der'
import { isDict, type PlistDict, PlistError, readPlist, writeXmlPlist } from '@muster/kit/plist'
import { signXml, uuidOf } from '../profiles/index.ts'
import type { Challenges } from '../scep/index.ts'
import { bytesOf, textOf, toDict } from '../wire/index.ts'
import { faultPage, licencePage } from './pages.ts'
import { commonParts, configuration, enrolmentProfile, scepPayload, trustPayloads } from './profile.ts'
import { configurationReply, type EnrolDeps, readiness } from './routes.ts'

/** What the device is asked to tell; nothing is believed of it before it has an identity. */
const attributes = ['UDID', 'SERIAL', 'PRODUCT', 'VERSION', 'DEVICE_NAME', 'IMEI', 'MEID']
const bodyBytes = 64 * 1024

export function createOta(o: EnrolDeps): { routes: Route[]; challenges: Challenges } {
  const { host } = o

  /** Phase 1: where to speak, and with which challenge. */
  async function begin(r: Message): Promise<Reply> {
    const language = languageOf(r.headers['accept-language'])
    const query = new URLSearchParams(r.query)
    const ready = await readiness(o, query.get('code') ?? '', r.headers['accept-language'])
    if ('fault' in ready) return faultPage(language, ready.fault)
    const { code, terms } = ready
    const { licence, organisation } = terms
    if (licence && query.get('licence') !== licence.version)
      return licencePage(language, { organisation, licence, fields: { code } })
    const parts = await commonParts(host, o.options)
    const accepted = licence ? `?licence=${encodeURIComponent(licence.version)}` : ''
    const service: JsonObject = {
      PayloadType: 'Profile Service',
      PayloadVersion: 1,
      PayloadIdentifier: `${parts.prefix}.enrolment.service`,
      PayloadUUID: uuidOf('enrolment', parts.server, 'service'),
      PayloadDisplayName: `Management by ${parts.organisation}`,
      PayloadOrganization: parts.organisation,
      PayloadContent: { URL: `${parts.server}/apple/ota${accepted}`, DeviceAttributes: attributes, Challenge: code },
    }
    return configurationReply(await signXml(host, writeXmlPlist(toDict(service))))
  }

  /**
   * Phase 2 is signed with the identity that Apple made the device with, phase 3 with the one of phase 2. Apple's is not judged: phase 2 gives
   * nothing that the code alone does not give. Phase 3 is for who holds the certificate that was issued for this code.
   */
  async function go(r: Message): Promise<Reply> {
    const said = readSaid(r.body)
    const ready = said && (await readiness(o, said.code))
    if (!said || !ready) return refused('This is no message of the profile service.')
    if ('fault' in ready) return refused('The enrolment code is not good.')
    const { terms, topic, code } = ready
    const accepted = new URLSearchParams(r.query).get('licence') ?? undefined
    if (terms.licence && accepted !== terms.licence.version) return refused('The licence was not accepted.')
    const parts = await commonParts(host, o.options)
    if (!isOurs(said.signer)) {
      const first = configuration(parts, [...trustPayloads(parts), scepPayload({ ...parts, challenge: code })])
      return configurationReply(await signXml(host, first))
    }
    const xml = enrolmentProfile({
      ...parts,
      topic,
      challenge: await challengeOf(code, fingerprint(said.signer)),
      licence: terms.licence?.version,
      ownership: terms.ownership,
    })
    return configurationReply(await signXml(host, xml))
  }

  function isOurs(signer: CertificateParts): boolean {
    try {
      return host.certificates.authorities().some((der) => signer.x509.verify(readCertificate(der).key))
    } catch (e) {
      if (e instanceof DerError) return false
      throw e
    }
  }

  /** The code, and the certificate that the next one stands in for; proof that we said so. */
  async function challengeOf(code: string, instead: string): Promise<string> {
    return `${code}.${instead}.${await mac(code, instead)}`
  }
  async function mac(code: string, instead: string): Promise<string> {
    const { key } = await host.certificates.own('ota')
    return createHmac('sha256', key).update(`${code}.${instead}`).digest('hex')
  }
  async function challenges(challenge: string, csr: Bytes): Promise<Bytes[] | undefined> {
    const [code, instead, proof, ...more] = challenge.split('.')
    if (!code || !instead || proof?.length !== 64 || more.length > 0) return undefined
    const due = Buffer.from(await mac(code, instead))
    const given = Buffer.from(proof)
    if (given.length !== due.length || !timingSafeEqual(given, due)) return undefined
    return host.certificates.issue({ code, instead: Buffer.from(instead, 'hex') }, csr)
  }

  const path = '/ota'
  const why = 'enrolment over the air: the code is the secret, and the device has no identity yet'
  return {
    challenges,
    routes: [
      { method: 'GET', path, maxBytes: 0, access: { public: why }, handle: begin },
      { method: 'POST', path, maxBytes: bodyBytes, access: { public: why }, handle: go },
    ],
  }
}

const fingerprint = (c: CertificateParts): string => createHash('sha256').update(c.der).digest('hex')

const refused = (text: string): Reply => ({
  status: 400,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: `${text}\n`,
})

/** The code that it was given, and whose signature is on it; undefined: it cannot be read, or nobody proved anything. */
function readSaid(body: Bytes): { code: string; signer: CertificateParts } | undefined {
  try {
    const { content, signers } = openSigned(body)
    const [signer, ...others] = signers
    const said = readPlist(content, { bytes: bodyBytes, depth: 8, values: 200 })
    const code = isDict(said) ? challengeIn(said) : undefined
    return signer && others.length === 0 && code !== undefined ? { code, signer: signer.certificate } : undefined
  } catch (e) {
    if (e instanceof CmsError || e instanceof DerError || e instanceof PlistError) return undefined
    throw e
  }
}

/** Text, or data as some versions write it. */
function challengeIn(said: PlistDict): string | undefined {
  const bytes = bytesOf(said, 'CHALLENGE')
  return textOf(said, 'CHALLENGE') ?? (bytes && Buffer.from(bytes).toString('utf8'))
}
