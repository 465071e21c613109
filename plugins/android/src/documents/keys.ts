/** Certificates and keys among the networks of a document (Open Network Configuration): named the same in each version, and keys found by the networks that use them. */
import { createHash } from 'node:crypto'
import type { JsonObject } from '@muster/contract'
import { objectOf, objectsOf } from './json.ts'
import { withoutPassword } from './pkcs12.ts'

/** By what it is, so that it keeps its name. */
export const guid = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32)

export function authority(pem: string) {
  const x509 = pem.replaceAll(/-----(BEGIN|END) CERTIFICATE-----|\s/g, '')
  return { GUID: guid('ca', pem), Type: 'Authority', X509: x509 }
}
/** PKCS #12, base64, with what opens it. */
export function clientKey(alias: string, pkcs12: string, password: string) {
  return { GUID: guid('key', alias), Type: 'Client', PKCS12: pkcs12, Password: password }
}

/** Keys as Google takes them, without a password, and networks that refer to the keys of this very document: another name is one that an app installed. Throws Pkcs12Error. */
export function withKeys(document: JsonObject): JsonObject {
  const onc = objectOf(document.openNetworkConfiguration)
  if (!onc) return document
  const certificates = objectsOf(onc.Certificates).map(openly)
  const there = new Set(certificates.map((c) => c.GUID))
  const networks = objectsOf(onc.NetworkConfigurations).map((n) => referring(n, there))
  return {
    ...document,
    openNetworkConfiguration: {
      ...onc,
      ...(networks.length > 0 && { NetworkConfigurations: networks }),
      ...(certificates.length > 0 && { Certificates: certificates }),
    },
  }
}
function openly(certificate: JsonObject): JsonObject {
  const { Password: password, ...rest } = certificate
  return typeof password === 'string' ? { ...rest, PKCS12: withoutPassword(String(rest.PKCS12), password) } : rest
}
function referring(network: JsonObject, there: ReadonlySet<unknown>): JsonObject {
  const wifi = objectOf(network.WiFi)
  const eap = objectOf(wifi?.EAP)
  const ref = guid('key', String(eap?.ClientCertKeyPairAlias))
  if (!wifi || !eap || !there.has(ref)) return network
  const { ClientCertKeyPairAlias: _, ...rest } = eap
  return { ...network, WiFi: { ...wifi, EAP: { ...rest, ClientCertType: 'Ref', ClientCertRef: ref } } }
}
