/** Wi-Fi networks: by passphrase, by signing in (EAP), or by who serves them (Passpoint). */
import { examplePem, feature, type JsonObject, oneLine } from '@muster/contract'
import { choice, choiceOr, hostOr, lineOr, maybe, no, port, some, yes } from '@muster/kit/words'
import { z } from 'zod'
import { authorities, certificatePayload, identityFields, identityPayloads, identitySecrets } from './certificates.ts'
import { field, objectOf, shape, written } from './fields.ts'
import { listFeature } from './row.ts'
import { app, domain, many, webOr } from './words.ts'

/** IANA's numbers of EAP methods. */
const methods = { tls: 13, ttls: 21, peap: 25, fast: 43, sim: 18, aka: 23 } as const
const inner = { pap: 'PAP', chap: 'CHAP', mschap: 'MSCHAP', mschapv2: 'MSCHAPv2', eap: 'EAP' } as const
const encryption = { open: 'None', wep: 'WEP', wpa: 'WPA', wpa2: 'WPA2', wpa3: 'WPA3', any: 'Any' } as const

const signInFields = {
  methods: field(
    'AcceptEAPTypes',
    z
      .array(z.enum(['tls', 'ttls', 'peap', 'fast', 'sim', 'aka']))
      .min(1)
      .max(6)
      .default(['peap'])
      .meta({ title: 'Ways to sign in (EAP)' }),
    (v) => v.map((name) => methods[name]),
  ),
  user: field('UserName', lineOr('User name', 'Such as {{user.name}}; without one the device asks its user')),
  outerIdentity: field('OuterIdentity', lineOr('Name shown outside the tunnel')),
  inner: field(
    'TTLSInnerAuthentication',
    choice('Within the tunnel (TTLS)', ['pap', 'chap', 'mschap', 'mschapv2', 'eap']),
    (v) => inner[v],
  ),
  serverNames: field(
    'TLSTrustedServerNames',
    many('Names that the network’s certificate may be for', domain, 20, 'Such as radius.example.com or *.example.com'),
  ),
  minimumTls: field('TLSMinimumVersion', choice('Oldest TLS', ['1.0', '1.1', '1.2', '1.3'])),
  maximumTls: field('TLSMaximumVersion', choice('Newest TLS', ['1.0', '1.1', '1.2', '1.3'])),
  certificateNeeded: field(
    'TLSCertificateIsRequired',
    maybe('The device needs a certificate of its own', 'With TTLS, PEAP or FAST'),
  ),
  fastPac: field('EAPFASTUsePAC', maybe('Use a PAC (FAST)')),
  fastProvision: field('EAPFASTProvisionPAC', maybe('Get a PAC (FAST)')),
  fastAnonymous: field('EAPFASTProvisionPACAnonymously', maybe('Get it without knowing the server (FAST)')),
  simRands: field('EAPSIMNumberOfRANDs', choice('Challenges (SIM)', ['2', '3']), Number),
  computer: field('SystemModeUseOpenDirectoryCredentials', maybe('Sign in as the computer in its directory', 'Macs')),
  oneTimePassword: field('OneTimeUserPassword', maybe('Ask for the password each time')),
}
const fields = {
  hidden: field('HIDDEN_NETWORK', no('Hidden', 'The network does not tell its name')),
  autoJoin: field('AutoJoin', yes('Join by itself')),
  security: field(
    'EncryptionType',
    choiceOr('Protection', ['open', 'wep', 'wpa', 'wpa2', 'wpa3', 'any'], 'wpa2'),
    (v) => encryption[v],
  ),
}
const qualityFields = {
  on: field('QoSMarkingEnabled', maybe('Marking of traffic')),
  calls: field('QoSMarkingAppleAudioVideoCalls', maybe('Mark calls of Apple’s own apps')),
  apps: field('QoSMarkingAllowListAppIdentifiers', many('Apps whose traffic is marked', app, 100)),
}
const more = {
  proxy: field('ProxyType', choice('Proxy', ['none', 'manual', 'automatic']), (v) => proxyTypes[v]),
  proxyHost: field('ProxyServer', hostOr('Host of the proxy')),
  proxyPort: field('ProxyServerPort', port('Port of the proxy')),
  proxyUser: field('ProxyUsername', lineOr('User of the proxy')),
  proxyScript: field('ProxyPACURL', webOr('Address of the proxy script')),
  proxyScriptOptional: field('ProxyPACFallbackAllowed', maybe('Without the proxy when its script cannot be had')),
  macModes: field(
    'SetupModes',
    z
      .array(z.enum(['system', 'login-window']))
      .max(2)
      .optional()
      .meta({ title: 'Macs sign in', description: 'system: before anybody does; login-window: with whoever signs in' }),
    (v) => v.map((mode) => modes[mode]),
  ),
  ipv6: field('EnableIPv6', maybe('IPv6')),
  skipPortal: field('CaptiveBypass', maybe('Do not open sign-in pages of the network', 'iPhones and iPads')),
  quality: field(
    'QoSMarkingPolicy',
    objectOf(qualityFields).optional().meta({ title: 'Quality of service (Fastlane)' }),
    (v) => written(qualityFields, v as JsonObject),
  ),
  fixedAddress: field(
    'DisableAssociationMACRandomization',
    maybe('Use the device’s own hardware address', 'iOS 14, macOS 15'),
  ),
}
const modes = { system: 'System', 'login-window': 'Loginwindow' } as const
const proxyTypes = { none: 'None', manual: 'Manual', automatic: 'Auto' } as const
const signIn = objectOf(signInFields)
/** Networks of a provider, whatever they are called. */
const passpointFields = {
  domain: field('DomainName', domain.meta({ title: 'Domain of the provider' })),
  operator: field('DisplayedOperatorName', lineOr('Name of the provider', undefined, 100)),
  roaming: field('ServiceProviderRoamingEnabled', maybe('Also networks of its partners')),
  realms: field('NAIRealmNames', many('Realms', domain, 20)),
  consortiums: field(
    'RoamingConsortiumOIs',
    many(
      'Roaming consortiums',
      z.string().regex(/^([0-9A-Fa-f]{6}|[0-9A-Fa-f]{10})$/, 'has 6 or 10 hexadecimal digits'),
      20,
    ),
  ),
  carriers: field(
    'MCCAndMNCs',
    many(
      'Mobile carriers',
      z.string().regex(/^\d{6}$/, 'has six digits: country and network'),
      20,
      'iPhones and iPads',
    ),
  ),
  hessid: field(
    'HESSID',
    z
      .string()
      .regex(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$/, 'is no HESSID: six bytes in hexadecimal with colons')
      .optional()
      .meta({ title: 'HESSID' }),
  ),
}

const network = z
  .strictObject({
    ssid: oneLine(32)
      .min(1)
      .optional()
      .meta({ title: 'Name of the network (SSID)', description: 'Not needed with Passpoint' }),
    passpoint: objectOf(passpointFields).optional().meta({ title: 'Passpoint (Hotspot 2.0)' }),
    ...shape(fields),
    passphrase: z
      .string()
      .regex(/^([\x20-\x7e]{5,63}|[0-9A-Fa-f]{64})$/, 'has at most 63 characters of ASCII, or 64 hexadecimal digits')
      .optional()
      .meta({ title: 'Passphrase', description: 'Of a network without signing in' }),
    signIn: signIn.optional().meta({ title: 'Signing in (802.1X)' }),
    password: lineOr('Password of the user who signs in', 'Without one the device asks its user'),
    authorities: authorities('Authorities of the network’s certificate'),
    ...identityFields,
    ...shape(more),
    proxyPassword: lineOr('Password of the proxy'),
  })
  .refine((s) => s.ssid !== undefined || s.passpoint !== undefined, {
    path: ['ssid'],
    message: 'is needed, or whose networks they are (Passpoint)',
  })
  .refine((s) => !s.passpoint || s.signIn !== undefined, {
    path: ['signIn'],
    message: 'is needed with Passpoint',
  })
  .refine((s) => Buffer.byteLength(s.ssid ?? '') <= 32, { path: ['ssid'], message: 'is longer than 32 bytes' })
  .refine((s) => s.security === 'wep' || s.passphrase === undefined || s.passphrase.length >= 8, {
    path: ['passphrase'],
    message: 'has 8 to 63 characters, or 64 hexadecimal digits',
  })
  .refine((s) => s.proxy !== 'manual' || (s.proxyHost !== undefined && s.proxyPort !== undefined), {
    path: ['proxyHost'],
    message: 'a manual proxy needs its host and port',
  })
  .refine((s) => !s.signIn || !['open', 'wep'].includes(s.security), {
    path: ['security'],
    message: 'signing in needs WPA',
  })
type Network = z.output<typeof network>

export const wifi = listFeature(
  feature({
    id: 'apple.wifi',
    title: { en: 'Wi-Fi', de: 'WLAN' },
    summary: { en: 'Networks that the device joins by itself.', de: 'Netzwerke, denen das Gerät von selbst beitritt.' },
    secret: ['passphrase', 'password', 'proxyPassword', ...identitySecrets].map((name) => `networks/*/${name}`),
    settings: () => z.strictObject({ networks: some('Networks', network, 50) }),
    merge: { rule: 'union', lists: ['networks'] },
    examples: [
      {
        networks: [
          {
            ssid: 'Office',
            hidden: false,
            autoJoin: true,
            security: 'wpa2',
            passphrase: 'correct horse battery',
            proxy: 'manual',
            proxyHost: 'proxy.example.com',
            proxyPort: 3128,
            proxyUser: 'ada',
            proxyPassword: 'topsecret',
          },
          {
            ssid: 'Büro 2',
            hidden: true,
            autoJoin: true,
            security: 'wpa3',
            signIn: {
              methods: ['ttls', 'tls'],
              user: '{{user.name}}',
              outerIdentity: 'anonymous',
              inner: 'pap',
              serverNames: ['radius.example.com'],
              minimumTls: '1.2',
              maximumTls: '1.3',
              certificateNeeded: false,
              fastPac: false,
              fastProvision: false,
              fastAnonymous: false,
              simRands: '3',
              computer: false,
              oneTimePassword: false,
            },
            password: 'topsecret',
            authorities: [examplePem],
            scep: {
              url: 'https://ca.example.com/scep',
              subject: [{ attribute: 'CN', value: '{{device.id}}' }],
              keySize: '2048',
              usage: 'both',
              retries: 3,
              retryDelayS: 10,
            },
            challenge: 'topsecret',
            proxy: 'automatic',
            proxyScript: 'https://proxy.example.com/proxy.pac',
            proxyScriptOptional: false,
            macModes: ['system', 'login-window'],
            ipv6: true,
            skipPortal: false,
            quality: { on: true, calls: true, apps: ['com.example.calls'] },
            fixedAddress: true,
          },
          {
            ssid: 'Shop',
            hidden: false,
            autoJoin: true,
            security: 'wpa2',
            signIn: { methods: ['tls'] },
            pkcs12: 'MIIB',
            pkcs12Password: 'topsecret',
          },
          {
            hidden: false,
            autoJoin: true,
            security: 'wpa2',
            passpoint: {
              domain: 'example.com',
              operator: 'Example',
              roaming: true,
              realms: ['example.com'],
              consortiums: ['5A03BA'],
              carriers: ['262001'],
            },
            signIn: { methods: ['tls'] },
            pkcs12: 'MIIB',
            pkcs12Password: 'topsecret',
          },
        ],
      },
    ],
  }),
  {
    list: 'networks',
    name: (n: Network) => [n.ssid ?? n.passpoint?.domain ?? ''],
    to: { iOS: {}, macOS: {}, tvOS: {}, visionOS: {}, watchOS: {} },
    build: (s, _, part) => {
      const identity = identityPayloads(s, part('identity'))
      const trusted = (s.authorities ?? []).map((pem, i) =>
        certificatePayload(pem, part(`authority ${i}`), `Authority of ${s.ssid ?? s.passpoint?.domain}`),
      )
      return [
        {
          PayloadType: 'com.apple.wifi.managed',
          ...(s.ssid !== undefined && { SSID_STR: s.ssid }),
          ...written({ ...fields, ...more }, s as JsonObject),
          ...(s.passpoint && { IsHotspot: true, ...written(passpointFields, s.passpoint as JsonObject) }),
          ...(s.proxyPassword && { ProxyPassword: s.proxyPassword }),
          ...(s.signIn
            ? { EAPClientConfiguration: eap(s.signIn, s.password, trusted) }
            : s.passphrase && { Password: s.passphrase }),
          ...(identity.length > 0 && { PayloadCertificateUUID: part('identity') }),
        },
        ...trusted,
        ...identity,
      ]
    },
  },
)

function eap(s: z.output<typeof signIn>, password: string | undefined, trusted: readonly JsonObject[]): JsonObject {
  return {
    ...written(signInFields, s as JsonObject),
    ...(password && { UserPassword: password }),
    ...(trusted.length > 0 && { PayloadCertificateAnchorUUID: trusted.map((t) => t.PayloadUUID ?? '') }),
  }
}
