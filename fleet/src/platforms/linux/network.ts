/** Policy features about the network, with the evidence that the real agent gives: firewall, Wi-Fi, WireGuard, trusted certificates. */
import { createHash } from 'node:crypto'
import {
  firewallRules,
  type JsonObject,
  linuxCertificates,
  linuxFirewall,
  linuxWifi,
  linuxWireguard,
} from '@muster/contract'
import type { Machine, SimulatedFeature } from '../../agent-channel/index.ts'

export const firewall: SimulatedFeature = {
  id: linuxFirewall.id,
  settings: linuxFirewall.settings,
  evidence(inForce): JsonObject {
    if (!inForce)
      return { rules: [], ping: false, logDenied: false, present: false, exact: false, included: false, enabled: true }
    const { flushed, ...settings } = inForce
    const read = linuxFirewall.settings.parse(settings)
    return {
      rules: firewallRules(read),
      ping: read.ping,
      logDenied: read.logDenied,
      present: true,
      exact: true,
      included: true,
      enabled: true,
      loaded: flushed !== true,
    }
  },
  /** Somebody flushes the kernel's rules; the files still show them. */
  drift: (inForce) => ({ ...inForce, flushed: true }),
}

const text = (value: unknown) => (typeof value === 'string' ? value : null)
export const wifi: SimulatedFeature = {
  id: linuxWifi.id,
  settings: linuxWifi.settings,
  evidence(inForce): JsonObject {
    if (!inForce) return { networks: [], intact: true }
    const eap = inForce.security === 'wpa-eap'
    const network: JsonObject = {
      ssid: inForce.ssid ?? null,
      hidden: inForce.hidden ?? false,
      autoconnect: inForce.autoconnect ?? true,
      security: inForce.security ?? null,
      eap: eap ? text(inForce.eap) : null,
      identity: eap ? text(inForce.identity) : null,
      anonymousIdentity: eap ? text(inForce.anonymousIdentity) : null,
      domain: eap ? text(inForce.domain) : null,
      caCertificate: eap ? (text(inForce.caCertificate)?.trim() ?? null) : null,
      hasSecret: inForce.passphrase !== undefined || inForce.password !== undefined,
    }
    return { networks: [network], intact: true }
  },
  drift: (inForce) => ({ ...inForce, autoconnect: inForce.autoconnect !== true }),
  refuses: (identity) =>
    identity.traits.packages === 'server' ? 'NetworkManager is not installed on this device.' : undefined,
}

export const wireguard: SimulatedFeature = {
  id: linuxWireguard.id,
  settings: linuxWireguard.settings,
  evidence(inForce, m): JsonObject {
    if (!inForce) return { tunnel: null, intact: false }
    const { down, ...settings } = inForce
    const s = linuxWireguard.settings.parse(settings)
    return {
      tunnel: {
        name: s.name,
        addresses: s.addresses,
        listenPort: s.listenPort ?? null,
        mtu: s.mtu ?? null,
        dns: s.dns,
        publicKey: publicKeyOf(m, s.privateKey),
        peers: s.peers.map(({ publicKey, endpoint, allowedIps, keepaliveS }) => ({
          publicKey,
          endpoint: endpoint ?? null,
          allowedIps,
          keepaliveS,
        })),
      },
      intact: true,
      up: down !== true,
    }
  },
  drift: (inForce) => ({ ...inForce, down: true }),
}

/** Stands for the public half: 32 bytes that follow from the private one, or from the device when it makes its own. */
function publicKeyOf(m: Machine, privateKey: string | undefined): string {
  const from = privateKey ?? JSON.stringify(m.identity.identifiers)
  return createHash('sha256').update(from).digest('base64')
}

export const certificates: SimulatedFeature = {
  id: linuxCertificates.id,
  settings: linuxCertificates.settings,
  evidence(inForce): JsonObject {
    const list = (inForce?.certificates ?? []) as { pem: string }[]
    const trusted = list.map(({ pem }) => fingerprint(pem)).sort()
    return { trusted, bundled: inForce?.bundle === 'old' ? [] : trusted }
  },
  /** The bundle that programs read is written anew without ours. */
  drift: (inForce) => ({ ...inForce, bundle: 'old' }),
}

/** SHA-256 over the certificate itself (DER). */
function fingerprint(pem: string): string {
  const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----/g, ''), 'base64')
  return createHash('sha256').update(der).digest('hex')
}
