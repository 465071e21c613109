/** The doors of Windows PCs: enrolment in SOAP and management in SyncML, for strangers: whoever has proved nothing changes nothing. */
import type { Endpoint } from '../endpoint.ts'
import { offspring } from '../specimen.ts'
import { request } from '../wire.ts'

const header =
  '<SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1A</SessionID><MsgID>1</MsgID><Target><LocURI>https://muster.example/windows/manage?mode=Maintenance&amp;Platform=WoA</LocURI></Target><Source><LocURI>70811EFACA97241C25C18A7AAA625646</LocURI><LocName>muster-1</LocName></Source><Cred><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-md5</Type></Meta><Data>Zz6EivR3yeaaENcRN6lpAQ==</Data></Cred></SyncHdr>'
const message = (body: string, head = header) =>
  `<?xml version="1.0" encoding="UTF-8"?><SyncML xmlns="SYNCML:SYNCML1.2">${head}<SyncBody>${body}<Final/></SyncBody></SyncML>`
const opening = message(
  '<Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type xmlns="syncml:metinf">com.microsoft/MDM/LoginStatus</Type></Meta><Data>user</Data></Item></Alert><Replace><CmdID>4</CmdID><Item><Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>70811EFACA97241C25C18A7AAA625646</Data></Item></Replace>',
)
const answer = message(
  '<Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>o1-1.0.1.0f0f0f0f</CmdRef><Cmd>Get</Cmd><Data xmlns:m="urn:m" m:originalerror="0x86000002">404</Data></Status><Results><CmdID>3</CmdID><MsgRef>1</MsgRef><CmdRef>o1-1.1.2.0f0f0f0f</CmdRef><Item><Source><LocURI>./DevDetail/SwV</LocURI></Source><Meta><Format xmlns="syncml:metinf">chr</Format><Size xmlns="syncml:metinf">4000</Size></Meta><Data>10.0.22631</Data><MoreData/></Item></Results><Alert><CmdID>5</CmdID><Data>1226</Data><Item><Meta><Type xmlns="syncml:metinf">com.microsoft:mdm.unenrollment.userrequest</Type><Format xmlns="syncml:metinf">int</Format></Meta><Data>1</Data></Item></Alert>',
)
const bomb = `<!DOCTYPE SyncML [<!ENTITY a "${'x'.repeat(50)}"><!ENTITY b "&a;&a;&a;&a;">]>`
const envelope = (head: string, body: string) =>
  `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:wst="http://docs.oasis-open.org/ws-sx/ws-trust/200512"><s:Header>${head}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
const addressing = (action: string) =>
  `<a:Action s:mustUnderstand="1">${action}</a:Action><a:MessageID>urn:uuid:748132ec-a575-4329-b01b-6171a9cf8478</a:MessageID><a:To>https://muster.example/</a:To>`
const security =
  '<wsse:Security s:mustUnderstand="1"><wsse:UsernameToken u:Id="uuid-1"><wsse:Username>DOMAIN\\ada</wsse:Username><wsse:Password>x</wsse:Password></wsse:UsernameToken></wsse:Security>'
const discover = envelope(
  addressing('http://schemas.microsoft.com/windows/management/2012/01/enrollment/IDiscoveryService/Discover'),
  '<Discover xmlns="http://schemas.microsoft.com/windows/management/2012/01/enrollment"><request><EmailAddress>ada@example.com</EmailAddress><RequestVersion>9.0</RequestVersion><DeviceType>CIMClient_Windows</DeviceType><AuthPolicies><AuthPolicy>OnPremise</AuthPolicy></AuthPolicies></request></Discover>',
)
const getPolicies = envelope(
  addressing('http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy/IPolicy/GetPolicies') + security,
  '<GetPolicies xmlns="http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"><client/></GetPolicies>',
)
const requestToken = envelope(
  addressing('http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RST/wstep') + security,
  '<wst:RequestSecurityToken><wst:TokenType>http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken</wst:TokenType><wst:RequestType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue</wst:RequestType><wsse:BinarySecurityToken ValueType="http://schemas.microsoft.com/windows/pki/2009/01/enrollment#PKCS10">MIIBAA==</wsse:BinarySecurityToken><AdditionalContext xmlns="http://schemas.xmlsoap.org/ws/2006/12/authorization"><ContextItem Name="DeviceID"><Value>70811EFACA97241C25C18A7AAA625646</Value></ContextItem><ContextItem Name="EnrollmentType"><Value>Full</Value></ContextItem></AdditionalContext></wst:RequestSecurityToken>',
)

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
/** HTTP has no other word for a fault of SOAP 1.2 (MS-MDE2 2.2.10); one that speaks of the server's own trouble is none of a refusal. */
const isFault = (text: string) => /<s:Fault>/.test(text) && !/InternalServiceFault/.test(text)

function door(name: string, path: string, type: string, samples: readonly string[]): Endpoint {
  const corpus = samples.map(bytes)
  return {
    name,
    honest: isFault,
    make: (r) => ({
      bytes: request(
        'POST',
        path,
        [['Content-Type', r.once(12) ? r.pick(['text/plain', 'application/vnd.syncml.dm+wbxml', '']) : type]],
        offspring(corpus, 'bytes', r),
      ),
    }),
  }
}
const soap = 'application/soap+xml; charset=utf-8'
const attacks = [
  '<SyncML/>',
  `${bomb}${opening.replace(/^<\?xml[^>]*>/, '').replace('user', '&b;')}`,
  message('<Get><CmdID>1</CmdID></Get>'.repeat(6_000)),
  message(`${'<Atomic><CmdID>1</CmdID>'.repeat(60)}${'</Atomic>'.repeat(60)}`),
]
const envelopes = [
  `<!DOCTYPE s:Envelope [<!ENTITY x SYSTEM "file:///etc/passwd">]>${discover.replace('ada@', '&x;')}`,
  envelope('', '<a>'.repeat(400) + '</a>'.repeat(400)),
]

export const windows: readonly Endpoint[] = [
  door('windows-discovery', '/EnrollmentServer/Discovery.svc', soap, [discover, ...envelopes]),
  door('windows-policy', '/windows/policy', soap, [getPolicies]),
  door('windows-enrol', '/windows/enrol', soap, [requestToken, ...envelopes]),
  door('windows-manage', '/windows/manage', 'application/vnd.syncml.dm+xml', [opening, answer, ...attacks]),
]
