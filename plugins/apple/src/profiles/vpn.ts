/** A VPN by IKEv2 (RFC 7296): for the whole device, or for apps alone. */
import { examplePem, feature, type Json, type JsonObject } from '@muster/contract'
import { choice, choiceOr, host, line, lineOr, maybe, no, some, whole } from '@muster/kit/words'
import { z } from 'zod'
import { authorities, certificatePayload, identityFields, identityPayloads, identitySecrets } from './certificates.ts'
import { field, objectOf, shape, written } from './fields.ts'
import { uuidOf } from './profile.ts'
import { listFeature } from './row.ts'
import { app, domain, many } from './words.ts'

/** Payloads of VPNs have numbers where others have booleans. */
const bit = (v: boolean): Json => (v ? 1 : 0)
const algorithms = {
  encryption: field(
    'EncryptionAlgorithm',
    choiceOr('Encryption', ['AES-256-GCM', 'AES-128-GCM', 'ChaCha20Poly1305', 'AES-256', 'AES-128'], 'AES-256-GCM'),
  ),
  integrity: field('IntegrityAlgorithm', choiceOr('Integrity', ['SHA2-256', 'SHA2-384', 'SHA2-512'], 'SHA2-256')),
  group: field(
    'DiffieHellmanGroup',
    choiceOr('Diffie-Hellman group', ['14', '15', '16', '17', '18', '19', '20', '21', '31', '32'], '19'),
    Number,
  ),
  lifetimeMinutes: field('LifeTimeInMinutes', whole('Minutes until new keys', 10, 1440)),
}
const fields = {
  server: field('RemoteAddress', host('Server')),
  remoteId: field('RemoteIdentifier', line('Identifier of the server', 'Usually its host name')),
  localId: field('LocalIdentifier', line('Identifier of the device', 'Such as {{user.email}}')),
  method: field(
    'AuthenticationMethod',
    choiceOr('The device signs in by', ['certificate', 'shared-secret', 'user'], 'certificate'),
    (v) => methods[v],
  ),
  certificateType: field(
    'CertificateType',
    choice('Kind of the device’s certificate', ['RSA', 'ECDSA256', 'ECDSA384', 'ECDSA521', 'RSA-PSS']),
  ),
  user: field('AuthName', lineOr('User name (EAP)', 'Such as {{user.name}}')),
  serverCertificateName: field('ServerCertificateCommonName', lineOr('Name in the server’s certificate')),
  serverAuthorityName: field('ServerCertificateIssuerCommonName', lineOr('Name of the server’s authority')),
  minimumTls: field('TLSMinimumVersion', choice('Oldest TLS', ['1.0', '1.1', '1.2'])),
  maximumTls: field('TLSMaximumVersion', choice('Newest TLS', ['1.0', '1.1', '1.2'])),
  deadPeer: field('DeadPeerDetectionRate', choice('Looking for the server', ['None', 'Low', 'Medium', 'High'])),
  forwardSecrecy: field('EnablePFS', no('New secrets for each tunnel (PFS)'), bit),
  checkRevocation: field('EnableCertificateRevocationCheck', maybe('Ask whether certificates are revoked'), bit),
  internalSubnet: field('UseConfigurationAttributeInternalIPSubnet', maybe('Server tells the networks behind it'), bit),
  mobike: field('DisableMOBIKE', maybe('Tunnel outlives a change of network (MOBIKE)'), (v) => bit(!v)),
  redirect: field('DisableRedirect', maybe('Follow the server to another'), (v) => bit(!v)),
  keepAliveS: field('NATKeepAliveInterval', whole('Seconds between signs of life through NAT', 20, 3600)),
  mtu: field('MTU', whole('Largest packet', 1280, 1400)),
  allTraffic: field('IncludeAllNetworks', maybe('All traffic through the tunnel', 'iOS 14, macOS 10.15'), bit),
  localNetworks: field('ExcludeLocalNetworks', maybe('Local networks stay outside'), bit),
  enforceRoutes: field('EnforceRoutes', maybe('Routes of the tunnel win'), bit),
  idleS: field('DisconnectOnIdleTimer', whole('Seconds without traffic until it ends', 60, 86_400)),
  outer: field(
    'IKESecurityAssociationParameters',
    objectOf(algorithms).optional().meta({ title: 'Keys of the connection' }),
    (v) => written(algorithms, v as JsonObject),
  ),
  inner: field(
    'ChildSecurityAssociationParameters',
    objectOf(algorithms).optional().meta({ title: 'Keys of the tunnels' }),
    (v) => written(algorithms, v as JsonObject),
  ),
}
/** With a user's name and password (EAP) the device itself shows nothing. */
const methods = { certificate: 'Certificate', 'shared-secret': 'SharedSecret', user: 'None' } as const
const dns = {
  servers: field('ServerAddresses', z.array(host('Address')).min(1).max(8).meta({ title: 'Name servers' })),
  search: field('SearchDomains', many('Domains to search', domain, 20)),
  only: field('SupplementalMatchDomains', many('Only for these domains', domain, 100)),
}
const perApp = {
  safariDomains: field('SafariDomains', many('Sites in Safari', domain, 200)),
  associatedDomains: field('AssociatedDomains', many('Domains of apps', domain, 200)),
  excludedDomains: field('ExcludedDomains', many('Domains outside it', domain, 200)),
  startWithApps: field('OnDemandMatchAppEnabled', maybe('Begins when an app needs it')),
}
/** macOS names apps by their signature; on iPhones and iPads an app's own attributes name the VPN. */
const macApp = {
  bundleId: field('Identifier', app.meta({ title: 'Bundle identifier' })),
  requirement: field('DesignatedRequirement', line('Code requirement', 'As codesign -d -r- shows it', 2000)),
}

/** Apps are told which VPN they use by this: it stays as long as the name does, whatever else the settings become. */
export const vpnUuid = (name: string): string => uuidOf('vpn', 'apple.vpn', name)

const tunnel = z
  .strictObject({
    name: line('Name', undefined, 100),
    ...shape(fields),
    sharedSecret: lineOr('Shared secret'),
    password: lineOr('Password of the user'),
    ...identityFields,
    authorities: authorities('Authorities of the server’s certificate'),
    onDemand: z
      .strictObject({
        always: no('Whenever there is a network'),
        domains: many('When one of these domains is asked for', domain, 200),
        notOnWifi: many('Not on these Wi-Fi networks', line('SSID', undefined, 32), 50),
        locked: no('Users cannot turn it off', 'iPhones and iPads'),
      })
      .optional()
      .meta({ title: 'Begins by itself' }),
    dns: objectOf(dns).optional().meta({ title: 'Names within the tunnel' }),
    apps: z
      .strictObject({
        ...shape(perApp),
        macApps: z.array(objectOf(macApp)).max(100).optional().meta({ title: 'Apps on Macs' }),
      })
      .optional()
      .meta({ title: 'For apps alone' }),
  })
  .refine((s) => s.method !== 'user' || s.user !== undefined, {
    path: ['user'],
    message: 'is needed to sign in by',
  })
  .refine((s) => s.method !== 'certificate' || s.scep !== undefined || s.pkcs12 !== undefined, {
    path: ['scep'],
    message: 'signing in by certificate needs an identity: by SCEP or from a file',
  })
type Tunnel = z.output<typeof tunnel>

export const vpn = listFeature(
  feature({
    id: 'apple.vpn',
    title: { en: 'VPN (IKEv2)', de: 'VPN (IKEv2)' },
    summary: {
      en: 'Tunnels for the whole device, begun when they are needed, or for apps alone.',
      de: 'Tunnel für das ganze Gerät, die bei Bedarf entstehen, oder nur für Apps.',
    },
    secret: ['sharedSecret', 'password', ...identitySecrets].map((name) => `vpns/*/${name}`),
    settings: () => z.strictObject({ vpns: some('VPNs', tunnel, 20) }),
    merge: { rule: 'union', lists: ['vpns'] },
    examples: [
      {
        vpns: [
          {
            name: 'Office',
            server: 'vpn.example.com',
            remoteId: 'vpn.example.com',
            localId: '{{user.email}}',
            method: 'user',
            user: '{{user.name}}',
            password: 'topsecret',
            serverCertificateName: 'vpn.example.com',
            serverAuthorityName: 'Example Root',
            minimumTls: '1.2',
            maximumTls: '1.2',
            deadPeer: 'Medium',
            forwardSecrecy: true,
            checkRevocation: true,
            internalSubnet: true,
            mobike: true,
            redirect: false,
            keepAliveS: 60,
            mtu: 1300,
            allTraffic: true,
            localNetworks: true,
            enforceRoutes: true,
            idleS: 600,
            outer: { encryption: 'AES-256-GCM', integrity: 'SHA2-384', group: '20', lifetimeMinutes: 1440 },
            inner: { encryption: 'AES-256-GCM', integrity: 'SHA2-384', group: '20', lifetimeMinutes: 480 },
            onDemand: { always: true, domains: ['intranet.example.com'], notOnWifi: ['Office'], locked: true },
            dns: { servers: ['10.0.0.53'], search: ['example.com'], only: ['intranet.example.com'] },
            authorities: [examplePem],
          },
          {
            name: 'Work apps',
            server: 'vpn.example.com',
            remoteId: 'vpn.example.com',
            localId: '{{device.id}}',
            method: 'certificate',
            certificateType: 'RSA',
            forwardSecrecy: false,
            scep: {
              url: 'https://ca.example.com/scep',
              subject: [{ attribute: 'CN', value: '{{device.id}}' }],
              keySize: '2048',
              usage: 'both',
              retries: 3,
              retryDelayS: 10,
            },
            challenge: 'topsecret',
            apps: {
              safariDomains: ['intranet.example.com'],
              associatedDomains: ['example.com'],
              excludedDomains: ['www.example.com'],
              startWithApps: true,
              macApps: [{ bundleId: 'com.example.work', requirement: 'identifier "com.example.work"' }],
            },
          },
          {
            name: 'Branch',
            server: '192.0.2.7',
            remoteId: 'vpn.example.com',
            localId: 'branch',
            method: 'shared-secret',
            sharedSecret: 'topsecret',
            forwardSecrecy: true,
          },
        ],
      },
    ],
  }),
  {
    list: 'vpns',
    name: (v: Tunnel) => [v.name],
    to: {
      iOS: { personal: false },
      macOS: { personal: false },
      tvOS: { version: '17.0' },
      visionOS: { personal: false },
    },
    build: (s, c, part) => {
      const identity = identityPayloads(s, part('identity'))
      const ike: JsonObject = {
        ...written(fields, s as JsonObject),
        ExtendedAuthEnabled: bit(s.method === 'user'),
        ...(s.idleS !== undefined && { DisconnectOnIdle: 1 }),
        ...(s.password && { AuthPassword: s.password }),
        ...(s.method === 'shared-secret' && s.sharedSecret && { SharedSecret: s.sharedSecret }),
        ...(identity.length > 0 && { PayloadCertificateUUID: part('identity') }),
        ...(s.onDemand && onDemand(s.onDemand)),
      }
      const onMac = c.facts['os.name'] === 'macOS'
      return [
        {
          PayloadType: s.apps ? 'com.apple.vpn.managed.applayer' : 'com.apple.vpn.managed',
          ...(s.apps && { VPNUUID: vpnUuid(s.name), ...written(perApp, s.apps as JsonObject) }),
          UserDefinedName: s.name,
          VPNType: 'IKEv2',
          IKEv2: ike,
          ...(s.dns && { DNS: { DNSProtocol: 'Cleartext', ...written(dns, s.dns as JsonObject) } }),
        },
        ...(onMac && s.apps?.macApps?.length ? [mapping(s.name, s.apps.macApps as JsonObject[])] : []),
        ...(s.authorities ?? []).map((pem, i) =>
          certificatePayload(pem, part(`authority ${i}`), `Authority of ${s.name}`),
        ),
        ...identity,
      ]
    },
  },
)

function mapping(name: string, apps: readonly JsonObject[]) {
  return {
    PayloadType: 'com.apple.vpn.managed.appmapping',
    AppLayerVPNMapping: apps.map((a) => ({
      ...written(macApp, a),
      SigningIdentifier: a.bundleId ?? '',
      VPNUUID: vpnUuid(name),
    })),
  }
}

interface OnDemand {
  always: boolean
  domains?: string[]
  notOnWifi?: string[]
  locked: boolean
}
/** The first rule that matches counts: exceptions, then domains, then the rest. */
function onDemand(s: OnDemand): JsonObject {
  const evaluate: JsonObject = {
    Action: 'EvaluateConnection',
    ActionParameters: [{ Domains: s.domains ?? [], DomainAction: 'ConnectIfNeeded' }],
  }
  return {
    OnDemandEnabled: 1,
    OnDemandUserOverrideDisabled: bit(s.locked),
    OnDemandRules: [
      ...(s.notOnWifi?.length ? [{ Action: 'Disconnect', InterfaceTypeMatch: 'WiFi', SSIDMatch: s.notOnWifi }] : []),
      ...(!s.always && s.domains?.length ? [evaluate] : []),
      { Action: s.always ? 'Connect' : 'Ignore' },
    ],
  }
}
