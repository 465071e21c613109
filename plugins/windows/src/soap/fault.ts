/** SOAP faults of enrolment (MS-MDE2 2.2.10): the client turns each into one code that it shows, so the code must be the right one. */
import { randomUUID } from 'node:crypto'
import type { Reply } from '@muster/contract'
import { escapeXml } from '@muster/kit/xml'
import { namespaces } from './names.ts'
import { soapReply } from './write.ts'

/** Subcodes, with the prefix each has, and the code that Windows shows. */
const subcodes = {
  MessageFormat: { prefix: 's', code: '80180001' },
  Authentication: { prefix: 's', code: '80180002' },
  Authorization: { prefix: 's', code: '80180003' },
  CertificateRequest: { prefix: 's', code: '80180004' },
  EnrollmentServer: { prefix: 's', code: '80180005' },
  InternalServiceFault: { prefix: 'a', code: '80180006' },
  InvalidSecurity: { prefix: 'a', code: '80180007' },
} as const
type Subcode = keyof typeof subcodes

/** ErrorTypes of the detail, with the subcode that stands above each. Their codes take precedence over the subcode's. */
const details = {
  DeviceCapReached: { subcode: 'Authorization', code: '80180013' },
  DeviceNotSupported: { subcode: 'EnrollmentServer', code: '80180014' },
  NotSupported: { subcode: 'EnrollmentServer', code: '80180015' },
  NotEligibleToRenew: { subcode: 'CertificateRequest', code: '80180016' },
  InMaintenance: { subcode: 'EnrollmentServer', code: '80180017' },
  UserLicense: { subcode: 'Authorization', code: '80180018' },
  InvalidEnrollmentData: { subcode: 'MessageFormat', code: '80180019' },
  CustomServerError: { subcode: 'EnrollmentServer', code: '80180032' },
} as const satisfies Record<string, { subcode: Subcode; code: string }>
type Detail = keyof typeof details

export type Problematic = Subcode | Detail

export class SoapFault extends Error {
  readonly kind: Problematic
  /** Of Windows, in hex. */
  readonly code: string
  /** `message`: what went wrong and what to do, for the person who reads Windows' event log; CustomServerError is shown on the screen. */
  constructor(kind: Problematic, message: string) {
    super(message)
    this.name = 'SoapFault'
    this.kind = kind
    this.code = kind in details ? details[kind as Detail].code : subcodes[kind as Subcode].code
  }
}

/** HTTP 500, as SOAP 1.2 wants it of s:Receiver; clients look no further than that for anything else. */
export function faultReply(o: { action: string; relatesTo: string; fault: SoapFault }): Reply {
  const { kind, message } = o.fault
  const trace = randomUUID()
  const subcode = kind in details ? details[kind as Detail].subcode : (kind as Subcode)
  const text = escapeXml(message)
  const detail =
    kind in details
      ? `<s:Detail><DeviceEnrollmentServiceError xmlns="${namespaces.enrolment}"><ErrorType>${kind}</ErrorType><Message>${text}</Message><TraceId>${trace}</TraceId></DeviceEnrollmentServiceError></s:Detail>`
      : ''
  return soapReply({
    action: o.action,
    relatesTo: o.relatesTo,
    activityId: trace,
    status: 500,
    body:
      `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>${subcodes[subcode].prefix}:${subcode}</s:Value></s:Subcode></s:Code>` +
      `<s:Reason><s:Text xml:lang="en-us">${text}</s:Text></s:Reason>${detail}</s:Fault>`,
  })
}
