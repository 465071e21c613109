/** Discovery (MS-MDE2 3.1): where to enrol, and how a person proves who they are. The same for everybody. */
import type { Reply } from '@muster/contract'
import { child, childrenOf, escapeXml, textAt } from '@muster/kit/xml'
import { namespaces, SoapFault, type SoapMessage, soapReply } from '../soap/index.ts'
import { type AuthPolicy, authPolicies } from './settings.ts'

export const discoverResponse = `${namespaces.discovery}/IDiscoveryService/DiscoverResponse`
/** The generation of the protocol that is spoken here. From 5.0 on clients send attestations of keys, which nothing here asks for. */
const ours = 4

/** The first question: is anybody there? */
export const discoverable: Reply = {
  status: 200,
  headers: { 'content-type': 'text/html', 'cache-control': 'no-cache', 'content-length': '0' },
  body: '',
}

export interface Discovery {
  server: string
  /** What this server asks for. */
  policy: AuthPolicy
  /** The connection proved a device's identity: it comes to renew it. */
  certified: boolean
}

export function discover(m: SoapMessage, o: Discovery): Reply {
  const request = m.body.name === 'Discover' ? child(m.body, 'request') : undefined
  if (!request) throw new SoapFault('MessageFormat', 'Discover with a request is expected here.')
  const version = textAt(request, 'RequestVersion') ?? ''
  if (!/^\d{1,3}(\.\d{1,3})?$/.test(version)) throw new SoapFault('MessageFormat', 'RequestVersion is no version.')
  if (Number(version) < ours)
    throw new SoapFault(
      'DeviceNotSupported',
      'This Windows is too old to be managed here: Windows 10 or later is needed.',
    )
  const offered = childrenOf(child(request, 'AuthPolicies'), 'AuthPolicy').map((a) => a.text.trim())
  const policy = agreed(offered, o)
  if (!policy)
    throw new SoapFault(
      'NotSupported',
      `This server asks people to sign in by ${o.policy}, which this client does not offer.`,
    )
  const base = `${escapeXml(o.server)}/windows`
  const page = policy === 'Federated' ? `<AuthenticationServiceUrl>${base}/sign-in</AuthenticationServiceUrl>` : ''
  return soapReply({
    action: discoverResponse,
    relatesTo: m.messageId,
    body:
      `<DiscoverResponse xmlns="${namespaces.discovery}"><DiscoverResult><AuthPolicy>${policy}</AuthPolicy><EnrollmentVersion>${ours}.0</EnrollmentVersion>` +
      `<EnrollmentPolicyServiceUrl>${base}/policy</EnrollmentPolicyServiceUrl><EnrollmentServiceUrl>${base}/enrol</EnrollmentServiceUrl>${page}</DiscoverResult></DiscoverResponse>`,
  })
}

/** undefined: what this server asks for is not offered. Its page may stand for a password (who joins Entra offers nothing else), never the other way. */
function agreed(offered: readonly string[], o: Discovery): AuthPolicy | 'Certificate' | undefined {
  const certificate = offered.includes('Certificate')
  if (certificate && (o.certified || !authPolicies.some((p) => offered.includes(p)))) return 'Certificate'
  if (offered.length === 0 || offered.includes(o.policy)) return o.policy
  return offered.includes('Federated') ? 'Federated' : undefined
}
