/** The certificate service (MS-WSTEP, as MS-MDE2 3.6 narrows it): a request with proof of who asks, answered with an identity and everything the device needs to be managed. */
import { type Bytes, type Channel, isProblem, type JsonObject, type PlatformHost, type Reply } from '@muster/contract'
import { child, textAt, type XmlElement } from '@muster/kit/xml'
import type { Accounts } from '../account/index.ts'
import { namespaces, SoapFault, type SoapMessage, soapReply } from '../soap/index.ts'
import type { Admission, createAdmission } from './admission.ts'
import { type Context, factsOf, one, readContext } from './context.ts'
import { checkRequest } from './csr.ts'
import { provisioningDocument } from './provisioning.ts'
import type { Renew } from './renewal.ts'
import type { EnrolmentSettings } from './settings.ts'
import type { SignIns } from './sign-ins.ts'

export const tokenResponse = `${namespaces.enrolment}/RSTRC/wstep`
const tokenType = 'http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken'
const documentType = 'http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentProvisionDoc'
const base64Type = `${namespaces.security}#base64binary`

/** As long as a PC may be silent once it has spoken: it comes once a day at least. */
const silentS = 36 * 3600

export interface CertificateServiceDeps {
  host: PlatformHost
  settings: EnrolmentSettings
  accounts: Accounts
  signIns: SignIns
  admission: ReturnType<typeof createAdmission>
  renew: Renew
}

export function createCertificateService(o: CertificateServiceDeps) {
  const { host, accounts, signIns } = o

  /** Everything of the request is looked at before anything is spent or written. */
  async function enrol(m: SoapMessage, request: Bytes, remote: string): Promise<string> {
    const context = readContext(m.body)
    checkRequest(request, context.deviceId)
    const { admission, chain } = await letIn(m, context, request, remote)
    const facts: JsonObject = {
      ...factsOf(context),
      ...admission.facts,
      [enrolledByFact]: admission.by,
      ...(admission.upn && { [upnFact]: admission.upn }),
    }
    const channel = await begin(admission, chain, facts)
    const [account, organisation] = await Promise.all([
      accounts.create(channel, context.deviceId),
      host.organisation(),
      activate(channel, admission),
    ])
    // It comes by the schedule that it is given here; silence means nothing before.
    await host.turn(channel, { take: 0, expectInS: silentS })
    const { url, trust } = host.server()
    return provisioningDocument({
      chain,
      trust,
      type: context.enrollmentType,
      organisation,
      server: url,
      account,
      poll: o.settings.poll,
      id: channel.device,
      deviceName: one(context.items, 'DeviceName'),
      upn: admission.upn,
    })
  }

  async function letIn(m: SoapMessage, c: Context, request: Bytes, remote: string) {
    for (const way of o.admission.ways(m, c, remote)) {
      const admission = await way()
      try {
        return { admission, chain: await certify(admission, request, c.deviceId) }
      } catch (e) {
        if (!(admission.guessed && isProblem(e) && e.code === 'invitation-unknown')) throw e
      }
    }
    throw new SoapFault('Authentication', 'The name, the password or the code is wrong.')
  }

  async function activate(c: Channel, { by, licence }: Admission): Promise<void> {
    const accepting = (version?: string) =>
      host.activate(c, {}, version === undefined ? undefined : { licence: version })
    try {
      await accepting(licence)
    } catch (e) {
      if (by !== 'code' || !isProblem(e) || e.code !== 'licence-not-accepted') throw e
      await accepting(await o.admission.licence(true))
    }
  }

  /** A code that failed before, after its certificate was issued, gets another for the new key. */
  async function certify({ code, kept }: Admission, request: Bytes, name: string): Promise<Bytes[]> {
    try {
      return await host.certificates.issue({ code, name }, request)
    } catch (e) {
      const instead = kept && isProblem(e) && e.code === 'invitation-used' ? await signIns.triedWith(code) : undefined
      if (!instead) throw e
      return host.certificates.issue({ code, instead, name }, request)
    }
  }

  async function begin({ code, kept }: Admission, [leaf]: readonly Bytes[], facts: JsonObject): Promise<Channel> {
    if (!leaf) throw new Error('no certificate was issued')
    try {
      return await host.begin({ certificate: leaf }, facts)
    } catch (e) {
      if (kept) await signIns.failed(code, leaf)
      throw e
    }
  }

  return async function requestToken(m: SoapMessage, r: { certificate?: Bytes; remote: string }): Promise<Reply> {
    const { body } = m
    if (body.name !== 'RequestSecurityToken')
      throw new SoapFault('MessageFormat', 'RequestSecurityToken is expected here.')
    if (textAt(body, 'TokenType') !== tokenType)
      throw new SoapFault('MessageFormat', 'Only DeviceEnrollmentToken is given here.')
    const kind = textAt(body, 'RequestType')?.replace(/^.*\//, '')
    const binary = binaryOf(body)
    if (kind === 'Issue' && binary.type === 'PKCS10') return answer(m, await enrol(m, binary.bytes, r.remote))
    if (kind === 'Renew' && (binary.type === 'PKCS7' || binary.type === 'PKCS10'))
      return answer(m, await o.renew(m, binary.bytes, r.certificate))
    throw new SoapFault('MessageFormat', 'A request is Issue with PKCS#10, or Renew with PKCS#7.')
  }

  function answer(m: SoapMessage, document: string): Reply {
    const now = host.clock.now()
    const created = now.toISOString()
    const expires = new Date(now.getTime() + 5 * 60_000).toISOString()
    return soapReply({
      action: tokenResponse,
      relatesTo: m.messageId,
      header: `<o:Security s:mustUnderstand="1" xmlns:o="${namespaces.security}"><u:Timestamp u:Id="_0"><u:Created>${created}</u:Created><u:Expires>${expires}</u:Expires></u:Timestamp></o:Security>`,
      body:
        `<RequestSecurityTokenResponseCollection xmlns="${namespaces.trust}"><RequestSecurityTokenResponse><TokenType>${tokenType}</TokenType>` +
        `<DispositionMessage xmlns="${namespaces.enrolment}"/><RequestedSecurityToken>` +
        `<BinarySecurityToken ValueType="${documentType}" EncodingType="${base64Type}" xmlns="${namespaces.security}">${Buffer.from(document).toString('base64')}</BinarySecurityToken>` +
        `</RequestedSecurityToken><RequestID xmlns="${namespaces.enrolment}">0</RequestID></RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection>`,
    })
  }
}

/** How the person proved who they are, and who that is. */
export const enrolledByFact = 'windows.enrolledBy'
export const upnFact = 'windows.upn'

function binaryOf(request: XmlElement): { type: string; bytes: Buffer } {
  const token = child(request, 'BinarySecurityToken')
  const type = (token?.attributes.ValueType ?? '').trim().replace(/^.*#/, '')
  const text = token?.text.replace(/\s+/g, '') ?? ''
  if (!text || !/^[A-Za-z0-9+/]+={0,2}$/.test(text))
    throw new SoapFault('MessageFormat', 'There is no certificate request in base64.')
  return { type, bytes: Buffer.from(text, 'base64') }
}
