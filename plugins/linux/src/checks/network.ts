/** Judges the firewall, Wi-Fi and the VPN. Secrets are not in the settings that are judged: the device tells whether it has them as written. */
import {
  firewallRules,
  type JsonObject,
  type linuxFirewall,
  type linuxWifi,
  type linuxWireguard,
  type Verdict,
} from '@muster/contract'
import { asList, asObject, differing, drifted, failed, same, verified } from './verdicts.ts'

type Firewall = ReturnType<typeof linuxFirewall.settings.parse>
type Wifi = ReturnType<typeof linuxWifi.settings.parse>
type Wireguard = ReturnType<typeof linuxWireguard.settings.parse>

/** `evidence`: { present, exact, rules, ping, logDenied, included, enabled, loaded? }. `loaded`: what the kernel has, on a live machine that can tell. */
export function checkFirewall(settings: Firewall, evidence: Readonly<JsonObject>): Verdict {
  if (evidence.present !== true) return drifted('firewall-absent', 'The rules are not on the device.', {})
  const demanded = { rules: firewallRules(settings), ping: settings.ping, logDenied: settings.logDenied }
  const wrong = differing(demanded, evidence)
  if (Object.keys(wrong).length > 0 || evidence.exact !== true)
    return drifted('firewall-differs', 'The rules on the device are others.', wrong)
  if (evidence.included !== true)
    return drifted('firewall-not-included', '/etc/nftables.conf does not include the rules.', {})
  if (evidence.loaded === false) return drifted('firewall-not-loaded', 'The kernel does not have the rules.', {})
  if (evidence.enabled === true) return verified
  return failed(
    'nftables-not-enabled',
    'The rules are written, but the service that loads them at start is not there or not enabled (nftables.service).',
    {},
  )
}

/** `evidence`: { networks: [summary without secrets], intact }. */
export function checkWifi(settings: Wifi, evidence: Readonly<JsonObject>): Verdict {
  const network = asList(evidence.networks)
    .map(asObject)
    .find((n) => n.ssid === settings.ssid)
  if (!network) return drifted('wifi-absent', `The network ${settings.ssid} is not on the device.`, {})
  const eap = settings.security === 'wpa-eap'
  const demanded: JsonObject = {
    hidden: settings.hidden,
    autoconnect: settings.autoconnect,
    security: settings.security,
    ...(eap
      ? {
          eap: settings.eap,
          identity: settings.identity ?? null,
          anonymousIdentity: settings.anonymousIdentity ?? null,
          domain: settings.domain ?? null,
          caCertificate: settings.caCertificate?.trim() ?? null,
        }
      : {}),
  }
  const wrong = differing(demanded, network)
  const names = Object.keys(wrong)
  if (names.length > 0) return drifted('wifi-differs', `The network differs: ${names.join(', ')}.`, wrong)
  if (settings.security === 'wpa-psk' && network.hasSecret !== true)
    return failed('passphrase-missing', 'The network has no passphrase. Give one in the policy.', {})
  return evidence.intact === true
    ? verified
    : drifted('wifi-changed', 'The network’s file is not as Muster wrote it.', {})
}

/** `evidence`: { tunnel: { name, addresses, listenPort, mtu, dns, publicKey, peers } | null, intact, up }. `up` null: no live machine. */
export function checkWireguard(settings: Wireguard, evidence: Readonly<JsonObject>): Verdict {
  const tunnel = asObject(evidence.tunnel)
  if (tunnel.name !== settings.name)
    return drifted('tunnel-absent', `The tunnel ${settings.name} is not on the device.`, {})
  const peers = settings.peers.map(({ publicKey, endpoint, allowedIps, keepaliveS }) => ({
    publicKey,
    endpoint: endpoint ?? null,
    allowedIps,
    keepaliveS,
  }))
  const demanded: JsonObject = {
    addresses: settings.addresses,
    listenPort: settings.listenPort ?? null,
    mtu: settings.mtu ?? null,
    dns: settings.dns,
    peers,
  }
  const wrong = differing(demanded, tunnel)
  const names = Object.keys(wrong)
  if (names.length > 0) return drifted('tunnel-differs', `The tunnel differs: ${names.join(', ')}.`, wrong)
  if (evidence.intact !== true) return drifted('tunnel-changed', 'The tunnel’s file is not as Muster wrote it.', {})
  if (same(evidence.up, false)) return drifted('tunnel-down', 'The tunnel is not up.', {})
  return verified
}
