/** Enrolment policy (MS-XCEP 3.1.4): what kind of key and request is wanted. The same for everybody, and no secret: nobody has to prove anything for it. */
import type { Reply } from '@muster/contract'
import { namespaces, SoapFault, type SoapMessage, soapReply } from '../soap/index.ts'

export const getPoliciesResponse = `${namespaces.policy}/IPolicy/GetPoliciesResponse`
/** Days that an identity is good for, and how long before its end the device asks for the next one. */
export const validity = { days: 365, renewDays: 45, retryDays: 4 } as const

const dayS = 86_400
const nil = (...names: string[]) => names.map((n) => `<${n} xsi:nil="true"/>`).join('')
/** SHA-256 is named by reference: without one, clients sign with SHA-1. */
const policies =
  `<GetPoliciesResponse xmlns="${namespaces.policy}"><response><policyID/><policyFriendlyName xsi:nil="true"/><nextUpdateHours xsi:nil="true"/><policiesNotChanged xsi:nil="true"/>` +
  `<policies><policy><policyOIDReference>0</policyOIDReference><cAs xsi:nil="true"/><attributes><commonName>Muster</commonName><policySchema>3</policySchema>` +
  `<certificateValidity><validityPeriodSeconds>${validity.days * dayS}</validityPeriodSeconds><renewalPeriodSeconds>${validity.renewDays * dayS}</renewalPeriodSeconds></certificateValidity>` +
  `<permission><enroll>true</enroll><autoEnroll>false</autoEnroll></permission>` +
  `<privateKeyAttributes><minimalKeyLength>2048</minimalKeyLength>${nil('keySpec', 'keyUsageProperty', 'permissions', 'algorithmOIDReference', 'cryptoProviders')}</privateKeyAttributes>` +
  `<revision><majorRevision>101</majorRevision><minorRevision>0</minorRevision></revision>` +
  nil('supersededPolicies', 'privateKeyFlags', 'subjectNameFlags', 'enrollmentFlags', 'generalFlags') +
  `<hashAlgorithmOIDReference>0</hashAlgorithmOIDReference>${nil('rARequirements', 'keyArchivalAttributes', 'extensions')}</attributes></policy></policies></response>` +
  `<cAs xsi:nil="true"/><oIDs><oID><value>2.16.840.1.101.3.4.2.1</value><group>1</group><oIDReferenceID>0</oIDReferenceID><defaultName>szOID_NIST_sha256</defaultName></oID></oIDs></GetPoliciesResponse>`

export function getPolicies(m: SoapMessage): Reply {
  if (m.body.name !== 'GetPolicies') throw new SoapFault('MessageFormat', 'GetPolicies is expected here.')
  return soapReply({ action: getPoliciesResponse, relatesTo: m.messageId, body: policies })
}
