/** Networks of Android devices: Wi-Fi, VPN, proxy, name service, access points of mobile networks. */
import { z } from 'zod'
import { androidPackage, httpsAddress } from '../android-words.ts'
import { certificatePem } from '../certificate-pem.ts'
import { feature } from '../descriptors.ts'
import { isAddress, oneLine } from './addresses.ts'

const something = (s: object) => Object.values(s).some((v) => v !== undefined)
const orStays = { message: 'set at least one' }
const hostName = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, 'is no host name')
const server = z
  .string()
  .max(253)
  .refine((s) => hostName.safeParse(s).success || isAddress(s), 'is no host name or address')
const ssid = oneLine(32)
  .min(1)
  .refine((s) => new TextEncoder().encode(s).length <= 32, 'is longer than 32 bytes')

export const androidWifi = feature({
  id: 'android.wifi',
  title: { en: 'Wi-Fi', de: 'WLAN' },
  summary: {
    en: 'A network that the device joins by itself. Its user cannot change it.',
    de: 'Ein Netzwerk, dem das Gerät von selbst beitritt. Die Person kann es nicht ändern.',
  },
  secret: ['passphrase', 'password'],
  settings: () =>
    z
      .object({
        ssid: ssid.describe('Name of the network (SSID)'),
        hidden: z.boolean().default(false).describe('The network does not tell its name'),
        autoconnect: z.boolean().default(true).describe('Join it by itself'),
        security: z
          .enum(['open', 'enhanced-open', 'wpa-psk', 'wpa3-sae', 'wpa-eap', 'wpa3-eap-192'])
          .default('wpa-psk')
          .describe('Protection'),
        passphrase: z
          .string()
          .regex(/^([\x20-\x7e]{8,63}|[0-9A-Fa-f]{64})$/, 'has 8 to 63 characters of ASCII, or 64 hexadecimal digits')
          .optional()
          .describe('Passphrase (wpa-psk, wpa3-sae)'),
        eap: z.enum(['peap', 'ttls', 'tls', 'pwd']).default('peap').describe('Way to sign in (wpa-eap)'),
        phase2: z.enum(['mschapv2', 'pap', 'gtc']).default('mschapv2').describe('Inner way (peap, ttls)'),
        identity: oneLine(200).optional().describe('User name (wpa-eap), such as {{user.name}}'),
        anonymousIdentity: oneLine(200).optional().describe('Name shown outside the tunnel (wpa-eap)'),
        password: oneLine(200).optional().describe('Password (wpa-eap)'),
        domain: hostName.optional().describe('Domain that the network’s certificate must be for (wpa-eap)'),
        caCertificate: certificatePem.optional().describe('Authority of the network’s certificate, PEM (wpa-eap)'),
        keyAlias: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'takes a to z, 0 to 9 and -')
          .optional()
          .describe('Name of the client certificate that a policy installs (tls)'),
        randomMac: z
          .boolean()
          .optional()
          .describe('A random hardware address, or its own (Android 13); not set: as Android does'),
      })
      .strict()
      .refine((s) => !s.security.includes('eap') || s.identity !== undefined, {
        path: ['identity'],
        message: 'is needed for wpa-eap',
      })
      .refine((s) => !s.security.includes('eap') || s.domain !== undefined, {
        path: ['domain'],
        message: 'is needed for wpa-eap: Android 11 and later refuses a network whose certificate nobody checks',
      })
      .refine((s) => !s.security.includes('eap') || s.eap !== 'tls' || s.keyAlias !== undefined, {
        path: ['keyAlias'],
        message: 'is needed for tls',
      }),
  merge: { rule: 'priority' },
  examples: [
    {
      ssid: 'Office',
      hidden: false,
      autoconnect: true,
      security: 'wpa-psk',
      eap: 'peap',
      phase2: 'mschapv2',
      passphrase: 'correct horse battery',
    },
    {
      ssid: 'Büro 2',
      hidden: true,
      autoconnect: true,
      security: 'wpa-eap',
      eap: 'ttls',
      phase2: 'pap',
      identity: '{{user.name}}',
      anonymousIdentity: 'anonymous',
      domain: 'radius.example.com',
      password: 'with blank',
      randomMac: false,
    },
  ],
})

export const androidWifiPolicy = feature({
  id: 'android.wifiPolicy',
  title: { en: 'Wi-Fi rules', de: 'WLAN-Regeln' },
  summary: {
    en: 'Which networks the device may join at all. What is not set stays as it is.',
    de: 'Welchen Netzwerken das Gerät überhaupt beitreten darf. Was nicht gesetzt ist, bleibt, wie es ist.',
  },
  settings: () =>
    z
      .object({
        lockdown: z.boolean().optional().describe('Networks of policies cannot be changed or removed by users'),
        minimumSecurity: z
          .enum(['open', 'personal', 'enterprise', 'enterprise-192'])
          .optional()
          .describe('Weakest protection that is joined'),
        ssids: z
          .object({
            rule: z.enum(['only', 'all-but']).default('only').describe('Only these networks, or all but these'),
            names: z.array(ssid).min(1).max(100).describe('Names of networks (SSID)'),
          })
          .strict()
          .optional()
          .describe('Networks by name'),
      })
      .strict()
      .refine(something, orStays),
  merge: { rule: 'priority' },
  examples: [{ lockdown: true, minimumSecurity: 'personal', ssids: { rule: 'only', names: ['Office', 'Depot'] } }],
})

export const androidVpn = feature({
  id: 'android.vpn',
  title: { en: 'VPN (IKEv2)', de: 'VPN (IKEv2)' },
  summary: {
    en: 'A tunnel by Android’s own IKEv2 client (Android 11). An app for another VPN is required by its own feature and made permanent by "Permanent VPN".',
    de: 'Ein Tunnel über den IKEv2-Client von Android (Android 11). Eine App für ein anderes VPN wird über ihre eigene Funktion verlangt und durch „Dauerhaftes VPN“ dauerhaft.',
  },
  secret: ['presharedKey', 'password'],
  settings: () =>
    z
      .object({
        name: oneLine(60).min(1).default('Work').describe('Name shown to people'),
        server: server.describe('Server: host name or address'),
        authentication: z.enum(['psk', 'password', 'certificate']).default('psk').describe('How the device signs in'),
        identity: oneLine(200).min(1).optional().describe('Identity (psk), such as {{device.id}}'),
        presharedKey: oneLine(200).min(8).optional().describe('Shared secret (psk)'),
        username: oneLine(200).min(1).optional().describe('User name (password), such as {{user.name}}'),
        password: oneLine(200).min(1).optional().describe('Password (password)'),
        keyAlias: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'takes a to z, 0 to 9 and -')
          .optional()
          .describe('Name of the client certificate that a policy installs (certificate)'),
        caCertificate: certificatePem.optional().describe('Authority of the server’s certificate, PEM'),
        dns: z
          .array(z.string().max(45).refine(isAddress, 'is no address'))
          .max(4)
          .default([])
          .describe('Name servers within the tunnel'),
        mtu: z.number().int().min(1280).max(1500).optional().describe('Largest packet, bytes'),
      })
      .strict()
      .refine((s) => s.authentication !== 'psk' || s.identity !== undefined, {
        path: ['identity'],
        message: 'is needed for psk',
      })
      .refine((s) => s.authentication !== 'password' || s.username !== undefined, {
        path: ['username'],
        message: 'is needed for password',
      })
      .refine((s) => s.authentication !== 'certificate' || s.keyAlias !== undefined, {
        path: ['keyAlias'],
        message: 'is needed for certificate',
      }),
  merge: { rule: 'priority' },
  examples: [
    {
      name: 'Work',
      server: 'vpn.example.com',
      authentication: 'psk',
      identity: 'till-7',
      presharedKey: 'not for the public',
      dns: ['10.0.0.53'],
    },
  ],
})

export const androidAlwaysOnVpn = feature({
  id: 'android.alwaysOnVpn',
  title: { en: 'Permanent VPN', de: 'Dauerhaftes VPN' },
  summary: {
    en: 'One VPN app is on all the time; with lockdown nothing leaves the device, or its work profile, beside it.',
    de: 'Eine VPN-App ist immer an; mit Abriegelung verlässt nichts das Gerät oder sein Arbeitsprofil an ihr vorbei.',
  },
  settings: () =>
    z
      .object({
        packageName: androidPackage.describe('The VPN app'),
        lockdown: z.boolean().default(true).describe('Nothing leaves beside it'),
        except: z.array(androidPackage).max(100).default([]).describe('Apps that may go beside it (Android 10)'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ packageName: 'com.example.vpn', lockdown: true, except: [] }],
})

export const androidProxy = feature({
  id: 'android.proxy',
  title: { en: 'Global proxy', de: 'Globaler Proxy' },
  summary: {
    en: 'A proxy for web traffic over all networks. Apps may still ignore it: Android calls it a recommendation.',
    de: 'Ein Proxy für Webverkehr über alle Netzwerke. Apps können ihn übergehen: Android nennt ihn eine Empfehlung.',
  },
  settings: () =>
    z
      .object({
        kind: z.enum(['fixed', 'pac']).default('fixed').describe('A fixed one, or a script that chooses'),
        host: server.optional().describe('Host (fixed)'),
        port: z.number().int().min(1).max(65_535).optional().describe('Port (fixed)'),
        exclusions: z
          .array(
            z
              .string()
              .max(253)
              .regex(/^(\*\.?)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, 'is no host name, such as *.example.com'),
          )
          .max(100)
          .default([])
          .describe('Hosts that are reached without it (fixed)'),
        pacUrl: httpsAddress.optional().describe('Address of the script (pac)'),
      })
      .strict()
      .refine((s) => s.kind !== 'fixed' || (s.host !== undefined && s.port !== undefined), {
        path: ['host'],
        message: 'and port are needed for a fixed one',
      })
      .refine((s) => s.kind !== 'pac' || s.pacUrl !== undefined, { path: ['pacUrl'], message: 'is needed for pac' }),
  merge: { rule: 'priority' },
  examples: [{ kind: 'fixed', host: 'proxy.example.com', port: 3128, exclusions: ['*.example.com'] }],
})

export const androidPrivateDns = feature({
  id: 'android.privateDns',
  title: { en: 'Private DNS', de: 'Privates DNS' },
  summary: {
    en: 'Names are asked for encrypted (DNS over TLS).',
    de: 'Namen werden verschlüsselt erfragt (DNS über TLS).',
  },
  settings: () =>
    z
      .object({
        mode: z
          .enum(['automatic', 'host'])
          .default('automatic')
          .describe('Where the network offers it, or always by one server'),
        host: hostName.optional().describe('The server (host)'),
      })
      .strict()
      .refine((s) => s.mode !== 'host' || s.host !== undefined, { path: ['host'], message: 'is needed' }),
  merge: { rule: 'priority' },
  examples: [{ mode: 'host', host: 'dns.example.com' }],
})

export const androidApn = feature({
  id: 'android.apn',
  title: { en: 'Access point (APN)', de: 'Zugangspunkt (APN)' },
  summary: {
    en: 'The access point of a mobile network that the device uses instead of its own.',
    de: 'Der Zugangspunkt eines Mobilfunknetzes, den das Gerät statt seines eigenen benutzt.',
  },
  secret: ['password'],
  settings: () =>
    z
      .object({
        name: oneLine(60).min(1).describe('Name'),
        apn: z
          .string()
          .max(100)
          .regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, 'is no access point name')
          .describe('Access point name'),
        operator: z
          .string()
          .regex(/^\d{5,6}$/, 'is not five or six digits')
          .describe('Operator: MCC and MNC of the SIM'),
        types: z
          .array(z.enum(['default', 'mms', 'supl', 'dun', 'hipri', 'ims', 'enterprise']))
          .min(1)
          .max(7)
          .default(['default'])
          .describe('What it is for'),
        user: oneLine(100).optional().describe('User name'),
        password: oneLine(100).optional().describe('Password'),
        authentication: z.enum(['none', 'pap', 'chap', 'pap-or-chap']).default('none').describe('Way to sign in'),
        protocol: z.enum(['ipv4', 'ipv6', 'ipv4v6']).default('ipv4v6').describe('Protocol'),
        roamingProtocol: z.enum(['ipv4', 'ipv6', 'ipv4v6']).default('ipv4v6').describe('Protocol abroad'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [
    {
      name: 'Fleet',
      apn: 'fleet.example',
      operator: '26201',
      types: ['default'],
      user: 'till',
      password: 'sim secret',
      authentication: 'chap',
      protocol: 'ipv4v6',
      roamingProtocol: 'ipv4',
    },
  ],
})
