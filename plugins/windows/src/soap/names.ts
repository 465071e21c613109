/** Namespaces of the enrolment protocols (MS-MDE2 2.2.1, MS-XCEP, MS-WSTEP). */

export const namespaces = {
  soap: 'http://www.w3.org/2003/05/soap-envelope',
  /** SOAP 1.1: Microsoft's own examples mix it in, so it is read; never written. */
  oldSoap: 'http://schemas.xmlsoap.org/soap/envelope/',
  addressing: 'http://www.w3.org/2005/08/addressing',
  utility: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd',
  security: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd',
  trust: 'http://docs.oasis-open.org/ws-sx/ws-trust/200512',
  discovery: 'http://schemas.microsoft.com/windows/management/2012/01/enrollment',
  policy: 'http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy',
  enrolment: 'http://schemas.microsoft.com/windows/pki/2009/01/enrollment',
} as const
