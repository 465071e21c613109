/** VPNs that Windows speaks itself (VPNv2 CSP, IKEv2): for all users or the device alone, always on, or for some apps and names. */
import { feature } from '@muster/contract'
import { choiceOr, host, line, lineOr, no, some } from '@muster/kit/words'
import { node, writeXml, type XmlNode } from '@muster/kit/xml'
import { z } from 'zod'
import { eapHostConfig, signIn } from './eap.ts'
import { csp, firstOf, segment } from './node.ts'
import { nodeFeature } from './row.ts'
import { many, webOr } from './words.ts'

const root = `${csp}/VPNv2`
const suite = z.strictObject({
  encryption: choiceOr('Encryption (IKE)', ['AES128', 'AES192', 'AES256', 'AES_GCM_128', 'AES_GCM_256'], 'AES256'),
  integrity: choiceOr('Integrity (IKE)', ['SHA196', 'SHA256128', 'SHA384'], 'SHA256128'),
  group: choiceOr('Diffie-Hellman group', ['Group14', 'ECP256', 'ECP384', 'Group24'], 'Group14'),
  tunnelEncryption: choiceOr(
    'Encryption (tunnel)',
    ['AES128', 'AES192', 'AES256', 'GCMAES128', 'GCMAES192', 'GCMAES256'],
    'GCMAES256',
  ),
  tunnelIntegrity: choiceOr(
    'Integrity (tunnel)',
    ['SHA196', 'SHA256128', 'GCMAES128', 'GCMAES192', 'GCMAES256'],
    'GCMAES256',
  ),
  forwardSecrecy: choiceOr(
    'New secrets for each tunnel (PFS)',
    ['None', 'PFS2048', 'ECP256', 'ECP384', 'PFSMM', 'PFS24'],
    'None',
  ),
})
const appId = line('App', 'A path of a program, or the family name of a package', 400)
const tunnel = z
  .strictObject({
    name: line('Name', undefined, 100).refine(
      (n) => !/[\\/:*?"<>|]/.test(n),
      'has a character that names of connections cannot have',
    ),
    servers: some('Servers', host('Server'), 10),
    method: choiceOr('The device signs in by', ['machine-certificate', 'user'], 'machine-certificate'),
    signIn: signIn.optional().meta({ title: 'Signing in of users (EAP)' }),
    deviceTunnel: no('Before anybody signs in', 'Needs a machine certificate and Enterprise or Education'),
    alwaysOn: no('Always on'),
    lockDown: no('Nothing goes outside of it', 'Cannot be undone by the user'),
    allTraffic: no('All traffic goes through it'),
    routes: many('Networks behind it', z.cidrv4().or(z.cidrv6()).meta({ title: 'Network' }), 100),
    suite: suite.optional().meta({ title: 'Cryptography' }),
    rememberCredentials: no('Passwords are remembered'),
    dnsSuffix: lineOr('Suffix of names'),
    names: many(
      'Names within',
      z.strictObject({
        domain: line('Domain', 'A leading dot: all below it'),
        servers: many('Name servers', z.ipv4().or(z.ipv6()).meta({ title: 'Address' }), 8),
        start: no('Asking for it starts the VPN'),
      }),
      100,
    ),
    trustedNetworks: many('Not within these networks (suffixes of names)', line('Suffix'), 20),
    startApps: many('Apps that start it', appId, 100),
    onlyApps: many('Only traffic of these apps', appId, 100),
    proxy: z
      .string()
      .max(260)
      .regex(/^[A-Za-z0-9.[\]:_-]+:\d{1,5}$/, 'is no host:port')
      .optional()
      .meta({ title: 'Proxy (host:port)' }),
    proxyScript: webOr('Address of the proxy script'),
    registerDns: no('Registers the address in DNS'),
  })
  .refine((t) => t.method !== 'user' || t.signIn !== undefined, { path: ['signIn'], message: 'is needed for users' })
  .refine((t) => !t.deviceTunnel || t.method === 'machine-certificate', {
    path: ['method'],
    message: 'a tunnel of the device signs in by machine certificate',
  })
  .refine((t) => !t.deviceTunnel || (t.routes?.length ?? 0) > 0, {
    path: ['routes'],
    message: 'a tunnel of the device needs the networks behind it',
  })
type Tunnel = z.output<typeof tunnel>

const when = (on: unknown, name: string, content: XmlNode['content'] = 'true'): XmlNode[] =>
  on ? [node(name, content)] : []

/** In the order of the schema of ProfileXML. */
function vpnProfile(t: Tunnel): string {
  return writeXml(
    node('VPNProfile', [
      ...when(t.rememberCredentials, 'RememberCredentials'),
      ...when(t.alwaysOn || t.lockDown || t.deviceTunnel, 'AlwaysOn'),
      ...when(t.dnsSuffix, 'DnsSuffix', t.dnsSuffix),
      ...when(t.trustedNetworks, 'TrustedNetworkDetection', t.trustedNetworks?.join(',')),
      ...when(t.lockDown, 'LockDown'),
      ...when(t.deviceTunnel, 'DeviceTunnel'),
      ...when(t.registerDns, 'RegisterDNS'),
      ...when(t.proxy ?? t.proxyScript, 'Proxy', [
        ...when(t.proxyScript, 'AutoConfigUrl', t.proxyScript),
        ...when(t.proxy, 'Manual', [node('Server', t.proxy)]),
      ]),
      ...(t.startApps ?? []).map((id) => node('AppTrigger', [node('App', [node('Id', id)])])),
      ...(t.names ?? []).map((n) =>
        node('DomainNameInformation', [
          node('DomainName', n.domain),
          ...when(n.servers, 'DnsServers', n.servers?.join(',')),
          ...when(n.start, 'AutoTrigger'),
        ]),
      ),
      ...(t.onlyApps ?? []).map((id) => node('TrafficFilter', [node('App', [node('Id', id)])])),
      native(t),
      ...(t.routes ?? []).map((cidr) => {
        const [address = '', length = ''] = cidr.split('/')
        return node('Route', [node('Address', address), node('PrefixSize', length)])
      }),
    ]),
  )
}

function native(t: Tunnel): XmlNode {
  const routing = t.allTraffic || t.lockDown ? 'ForceTunnel' : 'SplitTunnel'
  return node('NativeProfile', [
    node('Servers', t.servers.join(';')),
    node('RoutingPolicyType', routing),
    node('NativeProtocolType', 'IKEv2'),
    ...when((t.routes?.length ?? 0) > 0, 'DisableClassBasedDefaultRoute'),
    ...when(
      t.suite,
      'CryptographySuite',
      t.suite && [
        node('AuthenticationTransformConstants', t.suite.tunnelIntegrity),
        node('CipherTransformConstants', t.suite.tunnelEncryption),
        node('PfsGroup', t.suite.forwardSecrecy),
        node('DHGroup', t.suite.group),
        node('IntegrityCheckMethod', t.suite.integrity),
        node('EncryptionMethod', t.suite.encryption),
      ],
    ),
    node(
      'Authentication',
      t.method === 'user' && t.signIn
        ? [node('UserMethod', 'Eap'), node('Eap', [node('Configuration', [eapHostConfig(t.signIn)])])]
        : [node('MachineMethod', 'Certificate')],
    ),
  ])
}

export const vpn = nodeFeature(
  feature({
    id: 'windows.vpn',
    title: { en: 'VPN (IKEv2)', de: 'VPN (IKEv2)' },
    summary: {
      en: 'Tunnels by IKEv2, for all users of a device or before anybody signs in.',
      de: 'Tunnel über IKEv2, für alle Benutzer eines Geräts oder bevor sich jemand anmeldet.',
    },
    settings: () =>
      z.strictObject({
        vpns: some('VPNs', tunnel, 20),
      }),
    merge: { rule: 'union', lists: ['vpns'] },
    examples: [
      {
        vpns: [
          {
            name: 'Office',
            servers: ['vpn.example.com'],
            method: 'machine-certificate',
            deviceTunnel: true,
            alwaysOn: true,
            lockDown: false,
            allTraffic: false,
            routes: ['10.0.0.0/8'],
            rememberCredentials: false,
            names: [{ domain: '.corp.example.com', servers: ['10.0.0.53'], start: false }],
            trustedNetworks: ['corp.example.com'],
            registerDns: false,
          },
        ],
      },
    ],
  }),
  {
    to: { csp: ['VPNv2', '1.0'] },
    nodes: (s) =>
      firstOf(s.vpns, (t) => t.name).map((t) => ({
        uri: `${root}/${segment(t.name)}/ProfileXML`,
        format: 'chr' as const,
        data: vpnProfile(t),
        how: 'add' as const,
        read: 'content' as const,
      })),
    undo: (uri) => ({ remove: `${root}/${uri.slice(root.length + 1).split('/')[0]}` }),
  },
)
