/** Wi-Fi networks (WiFi CSP): each is a WLAN profile of Windows, written as XML. */
import { examplePem, feature, oneLine } from '@muster/contract'
import { choice, choiceOr, no, some, yes } from '@muster/kit/words'
import { node, writeXml, type XmlNode } from '@muster/kit/xml'
import { z } from 'zod'
import { eapHostConfig, signIn } from './eap.ts'
import { csp, firstOf, segment, type WantedNode } from './node.ts'
import { nodeFeature } from './row.ts'
import { webOr } from './words.ts'

const root = `${csp}/WiFi/Profile`

const network = z
  .strictObject({
    ssid: oneLine(32)
      .min(1)
      .refine((s) => Buffer.byteLength(s) <= 32, 'is longer than 32 bytes')
      .meta({ title: 'Name of the network (SSID)' }),
    hidden: no('Hidden', 'The network does not tell its name'),
    autoJoin: yes('Join by itself'),
    security: choiceOr(
      'Protection',
      ['open', 'wpa2', 'wpa3'],
      'wpa2',
      'wpa3 from build 19041, with signing in from 22000',
    ),
    passphrase: z
      .string()
      .regex(/^([\x20-\x7e]{8,63}|[0-9A-Fa-f]{64})$/, 'has 8 to 63 characters of ASCII, or 64 hexadecimal digits')
      .optional()
      .meta({ title: 'Passphrase', description: 'Of a network without signing in' }),
    signIn: signIn.optional().meta({ title: 'Signing in (802.1X)' }),
    signInAs: choiceOr('Signs in as', ['machine-or-user', 'machine', 'user'], 'machine-or-user'),
    randomAddress: choice('Random hardware address', ['on', 'off']),
    cost: choice('The connection is', ['unrestricted', 'fixed', 'variable']),
    proxy: z
      .string()
      .max(260)
      .regex(/^[A-Za-z0-9.[\]:_-]+:\d{1,5}$/, 'is no host:port')
      .optional()
      .meta({ title: 'Proxy (host:port)' }),
    proxyScript: webOr('Address of the proxy script'),
  })
  .refine((s) => s.security !== 'open' || (!s.signIn && s.passphrase === undefined), {
    path: ['security'],
    message: 'an open network has neither passphrase nor signing in',
  })
  .refine((s) => !s.signIn || s.passphrase === undefined, {
    path: ['passphrase'],
    message: 'is not for networks with signing in',
  })
type Network = z.output<typeof network>

const v1 = 'http://www.microsoft.com/networking/WLAN/profile/v1'
const bit = (on: boolean): string => (on ? 'true' : 'false')

/** In the order that the schema of WLAN profiles has. */
function wlanProfile(n: Network): string {
  return writeXml(
    node(
      'WLANProfile',
      [
        node('name', n.ssid),
        node('SSIDConfig', [
          node('SSID', [node('hex', Buffer.from(n.ssid).toString('hex').toUpperCase()), node('name', n.ssid)]),
          node('nonBroadcast', bit(n.hidden)),
        ]),
        node('connectionType', 'ESS'),
        node('connectionMode', n.autoJoin ? 'auto' : 'manual'),
        node('MSM', [node('security', security(n))]),
        n.randomAddress &&
          node('MacRandomization', [node('enableRandomization', bit(n.randomAddress === 'on'))], {
            xmlns: 'http://www.microsoft.com/networking/WLAN/profile/v3',
          }),
      ].filter((x) => typeof x === 'object'),
      { xmlns: v1 },
    ),
  )
}

function security(n: Network): XmlNode[] {
  const ways = { open: 'open', wpa2: n.signIn ? 'WPA2' : 'WPA2PSK', wpa3: n.signIn ? 'WPA3ENT' : 'WPA3SAE' } as const
  const head = node('authEncryption', [
    node('authentication', ways[n.security]),
    node('encryption', n.security === 'open' ? 'none' : 'AES'),
    node('useOneX', bit(n.signIn !== undefined)),
  ])
  if (n.signIn) {
    const modes = { 'machine-or-user': 'machineOrUser', machine: 'machine', user: 'user' } as const
    const oneX = node('OneX', [node('authMode', modes[n.signInAs]), node('EAPConfig', [eapHostConfig(n.signIn)])], {
      xmlns: 'http://www.microsoft.com/networking/OneX/v1',
    })
    return [head, oneX]
  }
  if (n.security === 'open') return [head]
  const key = n.passphrase ?? ''
  return [
    head,
    node('sharedKey', [
      node('keyType', /^[0-9A-Fa-f]{64}$/.test(key) ? 'networkKey' : 'passPhrase'),
      node('protected', 'false'),
      node('keyMaterial', key),
    ]),
  ]
}

const buildFor = (n: Network): number | undefined => (n.security !== 'wpa3' ? undefined : n.signIn ? 22_000 : 19_041)
const costs = { unrestricted: 1, fixed: 2, variable: 3 } as const

function nodes(n: Network): WantedNode[] {
  const at = `${root}/${segment(n.ssid)}`
  const build = buildFor(n)
  // Windows writes the profile down in words of its own, the passphrase encrypted: all else is compared.
  const all: WantedNode[] = [{ uri: `${at}/WlanXml`, format: 'chr', data: wlanProfile(n), how: 'add', read: 'content' }]
  if (n.proxy) all.push({ uri: `${at}/Proxy`, format: 'chr', data: n.proxy, how: 'add' })
  if (n.proxyScript) all.push({ uri: `${at}/ProxyPacUrl`, format: 'chr', data: n.proxyScript, how: 'add' })
  if (n.cost) all.push({ uri: `${at}/WiFiCost`, format: 'int', data: `${costs[n.cost]}`, how: 'add' })
  return build === undefined ? all : all.map((x) => ({ ...x, build }))
}

export const wifi = nodeFeature(
  feature({
    id: 'windows.wifi',
    title: { en: 'Wi-Fi', de: 'WLAN' },
    summary: {
      en: 'Networks that the device joins by itself. Of a profile all is compared but the passphrase, which Windows tells nobody.',
      de: 'Netzwerke, denen das Gerät von selbst beitritt. Von einem Profil wird alles verglichen außer dem Passwort, das Windows niemandem nennt.',
    },
    secret: ['networks/*/passphrase'],
    settings: () =>
      z.strictObject({
        networks: some('Networks', network, 50),
      }),
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
            signInAs: 'machine-or-user',
            proxy: 'proxy.example.com:3128',
            cost: 'fixed',
          },
          {
            ssid: 'Büro 2',
            hidden: true,
            autoJoin: true,
            security: 'wpa3',
            signIn: {
              method: 'tls',
              serverNames: ['radius.example.com'],
              authorities: [examplePem],
              windowsCredentials: false,
              differentUser: false,
              fastReconnect: true,
              cryptobinding: false,
            },
            signInAs: 'machine',
            randomAddress: 'off',
          },
        ],
      },
    ],
  }),
  {
    to: { csp: ['WiFi', '1.0'] },
    nodes: (s) => firstOf(s.networks, (n) => n.ssid).flatMap(nodes),
    // A network goes whole; a proxy alone where the network stays.
    undo: (uri) => ({ remove: `${root}/${uri.slice(root.length + 1).split('/')[0]}` }),
  },
)
