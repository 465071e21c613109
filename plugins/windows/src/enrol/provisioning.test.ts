/** The provisioning document: by what the PC finds its own certificate. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { readXml, type XmlElement } from '@muster/kit/xml'
import { renewalDocument } from './provisioning.ts'

/** Of an organisation whose name has all that names of certificates give a meaning. */
const pem = `-----BEGIN CERTIFICATE-----
MIIBajCCARECFGPd9wnpaYL2J/Kt+zBbAMLVG0C2MAoGCCqGSM49BAMCMDcxIjAg
BgNVBAoMGUV4YW1wbGUsICJUaWxscyIgKyBTw7ZobmUxETAPBgNVBAMMCDBBMUIy
QzNEMCAXDTI2MTEyMjIwMjE0NVoYDzIxMjYxMDI5MjAyMTQ1WjA3MSIwIAYDVQQK
DBlFeGFtcGxlLCAiVGlsbHMiICsgU8O2aG5lMREwDwYDVQQDDAgwQTFCMkMzRDBZ
MBMGByqGSM49AgEGCCqGSM49AwEHA0IABEy36UC7zLxt9vz6vI6NXseRN4J5bYuT
vx8oumU89R8g5OWwEMkPSAPKSIuHe5ZptH5CsEf0RKK3CmgJb+fOer8wCgYIKoZI
zj0EAwIDRwAwRAIgGOGoUBS793RWUhACLaCwvwAP4IZx3xnZN6dIozvbSk0CIGUr
1KLbUqu8FLe37P3Klzzry+HX6NWKjt/Lo6zVNIvN
-----END CERTIFICATE-----
`
const search = (e: XmlElement): string | undefined =>
  e.attributes.name === 'SSLCLIENTCERTSEARCHCRITERIA'
    ? e.attributes.value
    : e.children.map(search).find((v) => v !== undefined)

test('the certificate is named whole, with what Windows wants in quotation marks', () => {
  const der = new X509Certificate(pem).raw
  for (const [type, store] of [
    ['Full', 'User'],
    ['Device', 'System'],
  ] as const) {
    const document = renewalDocument({ chain: [der, der], trust: [], type })
    const criteria = new URLSearchParams(search(readXml(Buffer.from(document))))
    assert.deepEqual(
      [criteria.get('Subject'), criteria.get('Stores')],
      ['O="Example, ""Tills"" + Söhne",CN=0A1B2C3D', `MY\\${store}`],
    )
  }
})
