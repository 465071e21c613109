/** SOAP 1.2 as Windows' enrolment client speaks it (MS-MDE2, MS-XCEP, MS-WSTEP): requests, and what it holds an answer against before it reads it. */
import { Refused, refusalOf } from '../../refused.ts'
import type { Answered, Send } from '../../wire.ts'
import { type Element, escaped, maybe, NotUnderstood, one, readXml, textOf } from './xml.ts'

export const space = {
  envelope: 'http://www.w3.org/2003/05/soap-envelope',
  addressing: 'http://www.w3.org/2005/08/addressing',
  utility: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd',
  security: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd',
  trust: 'http://docs.oasis-open.org/ws-sx/ws-trust/200512',
  discovery: 'http://schemas.microsoft.com/windows/management/2012/01/enrollment',
  policy: 'http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy',
  enrolment: 'http://schemas.microsoft.com/windows/pki/2009/01/enrollment',
} as const

export interface SoapAsked {
  /** As it is counted. */
  readonly kind: string
  readonly url: string
  readonly action: string
  /** Action of the answer. */
  readonly answer: string
  readonly messageId: string
  /** XML. */
  readonly security?: string
  readonly body: string
  readonly lose?: boolean
}

/** The one element of the answer's body. Throws Refused for a fault, NotUnderstood for what a client does not take. */
export async function ask(send: Send, o: SoapAsked): Promise<Element> {
  const answer = await send({
    kind: o.kind,
    method: 'POST',
    path: o.url,
    headers: ['content-type', 'application/soap+xml; charset=utf-8', 'user-agent', 'ENROLLClient'],
    body: envelope(o),
    lose: o.lose,
  })
  const fault = answer.status === 500 ? faultIn(answer) : undefined
  if (fault) throw new Refused(fault, answer)
  if (answer.status !== 200) throw refusalOf(answer)
  judgeHeaders(answer, 'application/soap+xml')
  return bodyOf(readXml(answer.bytes), o)
}

function envelope({ url, action, messageId, security, body }: SoapAsked): string {
  return `<s:Envelope xmlns:s="${space.envelope}" xmlns:a="${space.addressing}" xmlns:u="${space.utility}" xmlns:wsse="${space.security}" xmlns:wst="${space.trust}" xmlns:ac="http://schemas.xmlsoap.org/ws/2006/12/authorization">
<s:Header><a:Action s:mustUnderstand="1">${action}</a:Action><a:MessageID>${messageId}</a:MessageID><a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo><a:To s:mustUnderstand="1">${escaped(url)}</a:To>${security === undefined ? '' : `<wsse:Security s:mustUnderstand="1">${security}</wsse:Security>`}</s:Header>
<s:Body>${body}</s:Body></s:Envelope>`
}

/** Whole, of a known length (MS-MDE2: no chunks), and of the type that was asked for. */
export function judgeHeaders(answer: Answered, type: string): void {
  const { headers, bytes } = answer
  if (headers['transfer-encoding'] !== undefined) throw new NotUnderstood('The answer comes in chunks.')
  if (headers['content-encoding'] !== undefined) throw new NotUnderstood('The answer is compressed.')
  if (Number(headers['content-length']) !== bytes.length) throw new NotUnderstood('The answer has no Content-Length.')
  const said = String(headers['content-type'] ?? '')
  if (said.split(';')[0]?.trim().toLowerCase() !== type) throw new NotUnderstood(`The answer is ${said}.`)
}

function bodyOf(root: Element, { answer, messageId }: SoapAsked): Element {
  if (root.name !== 'Envelope' || root.namespace !== space.envelope) throw new NotUnderstood('No SOAP 1.2 envelope.')
  const header = one(root, 'Header')
  const action = one(header, 'Action')
  if (action.text !== answer) throw new NotUnderstood(`The action is ${action.text} instead of ${answer}.`)
  if (action.namespace !== space.addressing) throw new NotUnderstood('The action is not of WS-Addressing.')
  if (textOf(header, 'RelatesTo') !== messageId) throw new NotUnderstood('RelatesTo names another message.')
  const { children } = one(root, 'Body')
  const [first] = children
  if (!first || children.length !== 1) throw new NotUnderstood(`The body holds ${children.length} elements.`)
  return first
}

/** A fault's stable name: the subcode of MS-MDE2, and the type of what went wrong where it tells. */
function faultIn(answer: Answered): string | undefined {
  judgeHeaders(answer, 'application/soap+xml')
  const fault = one(readXml(answer.bytes), 'Body', 'Fault')
  if (fault.namespace !== space.envelope) throw new NotUnderstood('A fault of another SOAP.')
  const value = textOf(fault, 'Code', 'Value')
  const subcode = textOf(fault, 'Code', 'Subcode', 'Value')
  if (!/^\w+:(Receiver|Sender)$/.test(value)) throw new NotUnderstood(`A fault of ${value}.`)
  if (one(fault, 'Reason', 'Text').text.trim() === '') throw new NotUnderstood('A fault without a reason.')
  const detail = maybe(fault, 'Detail')?.children[0]
  const type = detail && maybe(detail, 'ErrorType')?.text
  return `soap-${subcode.replace(/^\w+:/, '')}${type ? `-${type}` : ''}`
}
