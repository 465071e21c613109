/** SOAP 1.2 answers as the enrolment client wants them: one piece of known length, the prefixes of Microsoft's own examples. */
import { randomUUID } from 'node:crypto'
import type { Reply } from '@muster/contract'
import { escapeXml } from '@muster/kit/xml'
import { namespaces } from './names.ts'

export interface Written {
  readonly action: string
  /** MessageID of the question. */
  readonly relatesTo: string
  /** XML, written already. */
  readonly body: string
  /** XML of further header elements. */
  readonly header?: string
  readonly activityId?: string
  readonly status?: number
}

export function soapReply(w: Written): Reply {
  const activity = w.activityId ?? randomUUID()
  const body = Buffer.from(
    `<s:Envelope xmlns:s="${namespaces.soap}" xmlns:a="${namespaces.addressing}" xmlns:u="${namespaces.utility}"><s:Header>` +
      `<a:Action s:mustUnderstand="1">${w.action}</a:Action>` +
      `<ActivityId CorrelationId="${activity}" xmlns="http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics">${activity}</ActivityId>` +
      `<a:RelatesTo>${escapeXml(w.relatesTo)}</a:RelatesTo>${w.header ?? ''}</s:Header>` +
      `<s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">${w.body}</s:Body></s:Envelope>`,
  )
  return {
    status: w.status ?? 200,
    // Said outright: the client refuses an answer in chunks (MS-MDE2 2.1).
    headers: {
      'content-type': 'application/soap+xml; charset=utf-8',
      'content-length': String(body.length),
      'cache-control': 'no-store',
    },
    body,
  }
}
