/** The addresses of enrolment. What is no SOAP at all gets HTTP's own 400; everything else that goes wrong a fault with Windows' code. */
import { isProblem, type Message, type PlatformHost, type Reply, type Route } from '@muster/contract'
import {
  envelopeBytes,
  faultReply,
  type Problematic,
  readEnvelope,
  SoapFault,
  type SoapMessage,
} from '../soap/index.ts'
import type { createCertificateService } from './certificate-service.ts'
import { tokenResponse } from './certificate-service.ts'
import { discover, discoverable, discoverResponse } from './discovery.ts'
import { getPolicies, getPoliciesResponse } from './policy.ts'
import type { EnrolmentSettings } from './settings.ts'

export interface EnrolRoutesDeps {
  host: PlatformHost
  settings: EnrolmentSettings
  requestToken: ReturnType<typeof createCertificateService>
  signInPage(r: Message): Promise<Reply>
  termsPage(r: Message): Promise<Reply>
}

const discoveryPath = '/EnrollmentServer/Discovery.svc'
/** Windows asks by the first; people who type the address write it as they like. */
const discoveryPaths = [discoveryPath, discoveryPath.toLowerCase()]

export function enrolRoutes(o: EnrolRoutesDeps): Route[] {
  const { host, settings } = o

  /** Runs one service of SOAP: `action` is that of its answers. */
  function soap(action: string, serve: (m: SoapMessage, r: Message) => Reply | Promise<Reply>) {
    return async (r: Message): Promise<Reply> => {
      const m = readEnvelope(r.body)
      if (!m) return notSoap
      try {
        return await serve(m, r)
      } catch (e) {
        const fault = faultOf(host, e)
        host.log.info({ fault: fault.kind, code: fault.code, why: fault.message }, 'an enrolment was refused')
        return faultReply({ action, relatesTo: m.messageId, fault })
      }
    }
  }

  const discovery = soap(discoverResponse, async (m, r) =>
    discover(m, {
      server: host.server().url,
      policy: settings.authPolicy,
      certified: r.certificate !== undefined,
    }),
  )
  const access = (why: string) => ({ public: why })
  const first = access('discovery: the same answer for everybody, before anybody has signed in')
  const page = access('enrolment: the page has its person sign in, or takes the code of an invitation')
  const policyWhy = access('enrolment: what kind of request is wanted is no secret')
  const enrolWhy = access('enrolment: the request itself carries what lets it in')
  return [
    ...discoveryPaths.flatMap((path): Route[] => [
      { method: 'GET', path, root: true, maxBytes: 0, access: first, handle: async () => discoverable },
      { method: 'POST', path, root: true, maxBytes: envelopeBytes, access: first, handle: discovery },
    ]),
    {
      method: 'POST',
      path: '/policy',
      maxBytes: envelopeBytes,
      access: policyWhy,
      handle: soap(getPoliciesResponse, getPolicies),
    },
    {
      method: 'POST',
      path: '/enrol',
      maxBytes: envelopeBytes,
      access: enrolWhy,
      handle: soap(tokenResponse, (m, r) => o.requestToken(m, r)),
    },
    { method: 'GET', path: '/sign-in', maxBytes: 0, access: page, handle: o.signInPage },
    { method: 'POST', path: '/sign-in', maxBytes: 4096, access: page, handle: o.signInPage },
    { method: 'GET', path: '/terms', maxBytes: 0, access: page, handle: o.termsPage },
  ]
}

const notSoap: Reply = {
  status: 400,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'This is no SOAP message.\n',
}

/** Problems of the core in Windows' codes. What is ours to mend is logged, and told in no more than that word. */
function faultOf(host: PlatformHost, e: unknown): SoapFault {
  if (e instanceof SoapFault) return e
  const kind = isProblem(e) ? problems[e.code] : undefined
  // A fault has no `permission` to point to.
  if (isProblem(e) && e.code === 'forbidden')
    return new SoapFault(
      'Authorization',
      'This account may not add devices. Ask the administrator for that permission.',
    )
  if (kind && e instanceof Error) return new SoapFault(kind, e.message)
  if (isProblem(e) && e.status < 500) return new SoapFault('InvalidEnrollmentData', e.message)
  host.log.warn({ err: e }, 'an enrolment failed')
  return new SoapFault('InternalServiceFault', 'The server could not do it. Its log says why.')
}

const problems: Readonly<Record<string, Problematic>> = {
  'invitation-unknown': 'Authentication',
  'invitation-used': 'Authentication',
  'invitation-expired': 'Authentication',
  'invitation-revoked': 'Authentication',
  'invitation-platform': 'Authentication',
  'device-owned': 'Authorization',
  'foreign-device': 'Authorization',
  'licence-not-accepted': 'Authorization',
  'invalid-request': 'CertificateRequest',
  overloaded: 'InMaintenance',
  starting: 'InMaintenance',
  throttled: 'InMaintenance',
}
