/** Identities for tests, made anew in each run: a server named localhost and a device, self-signed. */
import 'reflect-metadata'
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

async function identity(name: string): Promise<{ key: string; certificate: string }> {
  const keys = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
    ],
  })
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const label = 'PRIVATE KEY'
  return {
    key: `-----BEGIN ${label}-----\n${pkcs8}\n-----END ${label}-----\n`,
    certificate: certificate.toString('pem'),
  }
}

const [server, device] = await Promise.all([identity('localhost'), identity('device-7')])
export const serverKey = server.key
export const serverCertificate = server.certificate
export const deviceKey = device.key
export const deviceCertificate = device.certificate
