/** Networks in the policy document. Wi-Fi goes as Open Network Configuration, whose form Chrome OS made. */
import { android, type Json, type JsonObject, type Secrets } from '@muster/contract'
import { authority, guid } from './keys.ts'
import { documentRow } from './part.ts'

type Wifi = (typeof android.wifi.examples)[number]
const securities: Readonly<Record<string, string>> = {
  open: 'None',
  'enhanced-open': 'None',
  'wpa-psk': 'WPA-PSK',
  'wpa3-sae': 'WPA-PSK',
  'wpa-eap': 'WPA-EAP',
  'wpa3-eap-192': 'WPA3-Enterprise_192',
}
const outer: Readonly<Record<string, string>> = { peap: 'PEAP', ttls: 'EAP-TTLS', tls: 'EAP-TLS' }
const inner: Readonly<Record<string, string>> = { mschapv2: 'MSCHAPv2', pap: 'PAP' }

/** Of the ways to sign in, those that Google does not take: then the network is left out. */
function unknownWays(s: Wifi): string[] {
  if (!s.security.includes('eap')) return []
  if (!outer[s.eap]) return [`eap (${s.eap})`]
  return hasInner(s) && !inner[s.phase2] ? [`phase2 (${s.phase2})`] : []
}
const hasInner = (s: Wifi) => s.eap === 'peap' || s.eap === 'ttls'

export const googleWifi = documentRow(android.wifi, {
  part: (s, _, secrets): JsonObject => {
    if (unknownWays(s).length > 0) return {}
    const ca = s.caCertificate === undefined ? undefined : authority(s.caCertificate)
    return {
      openNetworkConfiguration: {
        NetworkConfigurations: [
          {
            GUID: guid('wifi', s.ssid),
            Name: s.ssid,
            Type: 'WiFi',
            WiFi: wifi(s, secrets, ca?.GUID),
          },
        ],
        ...(ca ? { Certificates: [ca] } : {}),
      },
    }
  },
  beyond: unknownWays,
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
              },
            },
          },
        ],
      },
    },
  ],
})
function wifi(s: Wifi, secrets: Secrets, ca: string | undefined): JsonObject {
  const security = securities[s.security] ?? 'None'
  const eap = s.security.includes('eap')
  return {
    SSID: s.ssid,
    HiddenSSID: s.hidden,
    AutoConnect: s.autoconnect,
    ...(s.randomMac === false ? { MACAddressRandomizationMode: 'Hardware' } : {}),
    Security: security,
    ...(security === 'WPA-PSK' && secrets.passphrase !== undefined ? { Passphrase: secrets.passphrase } : {}),
    ...(eap ? { EAP: signIn(s, secrets, ca) } : {}),
  }
}
/** Without an authority those of the system count, for the domain alone: Google knows no word for that. */
function signIn(s: Wifi, secrets: Secrets, ca: string | undefined): JsonObject {
  return {
    Outer: outer[s.eap] ?? '',
    ...(hasInner(s) ? { Inner: inner[s.phase2] ?? '' } : {}),
    Identity: s.identity ?? '',
    ...(s.anonymousIdentity === undefined ? {} : { AnonymousIdentity: s.anonymousIdentity }),
    ...(s.domain === undefined ? {} : { DomainSuffixMatch: [s.domain] }),
    ...(secrets.password === undefined ? {} : { Password: secrets.password }),
    ...(ca === undefined ? {} : { ServerCARefs: [ca] }),
    // Of a key that an app installed; one that comes in the same document is named by it, when all parts are joined.
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
            // One that is named twice has the whole document refused.
            apnTypes: [...new Set(s.types)].map((t) => t.toUpperCase()),
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
