/** Networks in the policy document. Wi-Fi goes as Open Network Configuration, whose form Chrome OS made. */
import { createHash } from 'node:crypto'
import { android, type Json, type JsonObject, type Secrets } from '@muster/contract'
import { documentRow } from './part.ts'

/** One network is known by the same name in each version of a document. */
const guid = (...parts: readonly string[]) => createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32)
/** PEM to the base64 of its DER. */
const der = (pem: string) => pem.replaceAll(/-----(BEGIN|END) CERTIFICATE-----|\s/g, '')

type Wifi = (typeof android.wifi.examples)[number]
const securities: Readonly<Record<string, string>> = {
  open: 'None',
  'enhanced-open': 'None',
  'wpa-psk': 'WPA-PSK',
  'wpa3-sae': 'WPA-PSK',
  'wpa-eap': 'WPA-EAP',
  'wpa3-eap-192': 'WPA3-Enterprise_192',
}
const outer: Readonly<Record<string, string>> = { peap: 'PEAP', ttls: 'EAP-TTLS', tls: 'EAP-TLS', pwd: 'EAP-PWD' }
const inner: Readonly<Record<string, string>> = { mschapv2: 'MSCHAPv2', pap: 'PAP', gtc: 'GTC' }

export const googleWifi = documentRow(android.wifi, {
  part: (s, _, secrets) => {
    const authority = s.caCertificate === undefined ? undefined : guid('ca', s.caCertificate)
    return {
      openNetworkConfiguration: {
        NetworkConfigurations: [
          {
            GUID: guid('wifi', s.ssid),
            Name: s.ssid,
            Type: 'WiFi',
            WiFi: wifi(s, secrets, authority),
          },
        ],
        ...(authority === undefined
          ? {}
          : { Certificates: [{ GUID: authority, Type: 'Authority', X509: der(s.caCertificate ?? '') }] }),
      },
    }
  },
  wires: [
    {
      openNetworkConfiguration: {
        NetworkConfigurations: [
          {
            GUID: guid('wifi', 'Office'),
            Name: 'Office',
            Type: 'WiFi',
            WiFi: {
              SSID: 'Office',
              HiddenSSID: false,
              AutoConnect: true,
              Security: 'WPA-PSK',
              Passphrase: 'secret:passphrase',
            },
          },
        ],
      },
    },
    {
      openNetworkConfiguration: {
        NetworkConfigurations: [
          {
            GUID: guid('wifi', 'Büro 2'),
            Name: 'Büro 2',
            Type: 'WiFi',
            WiFi: {
              SSID: 'Büro 2',
              HiddenSSID: true,
              AutoConnect: true,
              MACAddressRandomizationMode: 'Hardware',
              Security: 'WPA-EAP',
              EAP: {
                Outer: 'EAP-TTLS',
                Inner: 'PAP',
                Identity: '{{user.name}}',
                AnonymousIdentity: 'anonymous',
                DomainSuffixMatch: ['radius.example.com'],
                Password: 'secret:password',
                UseSystemCAs: true,
              },
            },
          },
        ],
      },
    },
  ],
})
function wifi(s: Wifi, secrets: Secrets, authority: string | undefined): JsonObject {
  const security = securities[s.security] ?? 'None'
  const eap = s.security.includes('eap')
  return {
    SSID: s.ssid,
    HiddenSSID: s.hidden,
    AutoConnect: s.autoconnect,
    ...(s.randomMac === false ? { MACAddressRandomizationMode: 'Hardware' } : {}),
    Security: security,
    ...(security === 'WPA-PSK' && secrets.passphrase !== undefined ? { Passphrase: secrets.passphrase } : {}),
    ...(eap ? { EAP: signIn(s, secrets, authority) } : {}),
  }
}
function signIn(s: Wifi, secrets: Secrets, authority: string | undefined): JsonObject {
  const inside = s.eap === 'peap' || s.eap === 'ttls'
  return {
    Outer: outer[s.eap] ?? 'PEAP',
    ...(inside ? { Inner: inner[s.phase2] ?? 'MSCHAPv2' } : {}),
    Identity: s.identity ?? '',
    ...(s.anonymousIdentity === undefined ? {} : { AnonymousIdentity: s.anonymousIdentity }),
    ...(s.domain === undefined ? {} : { DomainSuffixMatch: [s.domain] }),
    ...(secrets.password === undefined ? {} : { Password: secrets.password }),
    ...(authority === undefined ? { UseSystemCAs: true } : { ServerCARefs: [authority] }),
    ...(s.eap === 'tls' && s.keyAlias ? { ClientCertType: 'KeyPairAlias', ClientCertKeyPairAlias: s.keyAlias } : {}),
  }
}

const strengths: Readonly<Record<string, string>> = {
  open: 'OPEN_NETWORK_SECURITY',
  personal: 'PERSONAL_NETWORK_SECURITY',
  enterprise: 'ENTERPRISE_NETWORK_SECURITY',
  'enterprise-192': 'ENTERPRISE_BIT192_NETWORK_SECURITY',
}
export const googleWifiPolicy = documentRow(android.wifiPolicy, {
  part: (s): JsonObject => {
    const connectivity: JsonObject = {
      ...(s.ssids
        ? {
            wifiSsidPolicy: {
              wifiSsidPolicyType: s.ssids.rule === 'only' ? 'WIFI_SSID_ALLOWLIST' : 'WIFI_SSID_DENYLIST',
              wifiSsids: s.ssids.names.map((wifiSsid): Json => ({ wifiSsid })),
            },
          }
        : {}),
    }
    return {
      ...(Object.keys(connectivity).length > 0 ? { deviceConnectivityManagement: connectivity } : {}),
      ...(s.minimumSecurity
        ? { deviceRadioState: { minimumWifiSecurityLevel: strengths[s.minimumSecurity] ?? '' } }
        : {}),
    }
  },
  // Networks that a policy brought are locked at Google whatever is said.
  beyond: (s) => (s.lockdown === false ? ['lockdown'] : []),
  wires: [
    {
      deviceConnectivityManagement: {
        wifiSsidPolicy: {
          wifiSsidPolicyType: 'WIFI_SSID_ALLOWLIST',
          wifiSsids: [{ wifiSsid: 'Office' }, { wifiSsid: 'Depot' }],
        },
      },
      deviceRadioState: { minimumWifiSecurityLevel: 'PERSONAL_NETWORK_SECURITY' },
    },
  ],
})

export const googleAlwaysOnVpn = documentRow(android.alwaysOnVpn, {
  part: (s): JsonObject => ({
    alwaysOnVpnPackage: { packageName: s.packageName, lockdownEnabled: s.lockdown },
    applications: [
      { packageName: s.packageName, installType: 'FORCE_INSTALLED' },
      ...s.except.map(
        (packageName): Json => ({
          packageName,
          alwaysOnVpnLockdownExemption: 'VPN_LOCKDOWN_EXEMPTION',
        }),
      ),
    ],
  }),
  wires: [
    {
      alwaysOnVpnPackage: { packageName: 'com.example.vpn', lockdownEnabled: true },
      applications: [{ packageName: 'com.example.vpn', installType: 'FORCE_INSTALLED' }],
    },
  ],
})

export const googleProxy = documentRow(android.proxy, {
  part: (s): JsonObject => ({
    recommendedGlobalProxy:
      s.kind === 'pac'
        ? { pacUri: s.pacUrl ?? '' }
        : { host: s.host ?? '', port: s.port ?? 0, excludedHosts: [...s.exclusions] },
  }),
  wires: [{ recommendedGlobalProxy: { host: 'proxy.example.com', port: 3128, excludedHosts: ['*.example.com'] } }],
})

export const googlePrivateDns = documentRow(android.privateDns, {
  part: (s): JsonObject => ({
    deviceConnectivityManagement: {
      privateDnsSettings:
        s.mode === 'host'
          ? { privateDnsMode: 'PRIVATE_DNS_SPECIFIED_HOST', privateDnsHost: s.host ?? '' }
          : { privateDnsMode: 'PRIVATE_DNS_AUTOMATIC' },
    },
  }),
  wires: [
    {
      deviceConnectivityManagement: {
        privateDnsSettings: { privateDnsMode: 'PRIVATE_DNS_SPECIFIED_HOST', privateDnsHost: 'dns.example.com' },
      },
    },
  ],
})

const protocols: Readonly<Record<string, string>> = { ipv4: 'IP', ipv6: 'IPV6', ipv4v6: 'IPV4V6' }
export const googleApn = documentRow(android.apn, {
  part: (s, _, secrets): JsonObject => ({
    deviceConnectivityManagement: {
      apnPolicy: {
        overrideApns: 'OVERRIDE_APNS_ENABLED',
        apnSettings: [
          {
            displayName: s.name,
            apn: s.apn,
            numericOperatorId: s.operator,
            apnTypes: s.types.map((t) => t.toUpperCase()),
            ...(s.user === undefined ? {} : { username: s.user }),
            ...(secrets.password === undefined ? {} : { password: secrets.password }),
            authType: s.authentication.toUpperCase().replaceAll('-', '_'),
            protocol: protocols[s.protocol] ?? 'IPV4V6',
            roamingProtocol: protocols[s.roamingProtocol] ?? 'IPV4V6',
          },
        ],
      },
    },
  }),
  wires: [
    {
      deviceConnectivityManagement: {
        apnPolicy: {
          overrideApns: 'OVERRIDE_APNS_ENABLED',
          apnSettings: [
            {
              displayName: 'Fleet',
              apn: 'fleet.example',
              numericOperatorId: '26201',
              apnTypes: ['DEFAULT'],
              username: 'till',
              password: 'secret:password',
              authType: 'CHAP',
              protocol: 'IPV4V6',
              roamingProtocol: 'IP',
            },
          ],
        },
      },
    },
  ],
})
