/** Windows Firewall (Firewall CSP): its three profiles and rules of the organisation's own. */
import { feature, oneLine } from '@muster/contract'
import { choiceOr, lineOr, maybe, no, whole, yes } from '@muster/kit/words'
import { z } from 'zod'
import { csp, firstOf, segment, type WantedNode } from './node.ts'
import { nodeFeature, type Undo } from './row.ts'
import { anySet, many } from './words.ts'

const root = `${csp}/Firewall/MdmStore`
const profileShape = {
  on: maybe('Firewall'),
  inbound: z.enum(['allow', 'block']).optional().meta({ title: 'What comes in, without a rule' }),
  outbound: z.enum(['allow', 'block']).optional().meta({ title: 'What goes out, without a rule' }),
  shielded: maybe('Nothing comes in, whatever the rules say'),
  stealth: maybe('Does not answer scans'),
  notify: maybe('Users are told of what was blocked'),
  unicastAnswers: maybe('Answers to multicast come in'),
  localRules: maybe('Rules of the device’s own count'),
  localIpsec: maybe('IPsec rules of the device’s own count'),
  appRules: maybe('Rules of applications count'),
  portRules: maybe('Rules of ports count'),
}
const profile = (title: string) => z.strictObject(profileShape).optional().meta({ title })
type Profile = z.output<z.ZodObject<typeof profileShape>>
const profiles = { domain: 'DomainProfile', private: 'PrivateProfile', public: 'PublicProfile' } as const
/** Node, what "yes" is there, and what Windows has by itself. */
const flags = {
  on: ['EnableFirewall', true, true],
  shielded: ['Shielded', true, false],
  stealth: ['DisableStealthMode', false, false],
  notify: ['DisableInboundNotifications', false, false],
  unicastAnswers: ['DisableUnicastResponsesToMulticastBroadcast', false, false],
  localRules: ['AllowLocalPolicyMerge', true, true],
  localIpsec: ['AllowLocalIpsecPolicyMerge', true, true],
  appRules: ['AuthAppsAllowUserPrefMerge', true, true],
  portRules: ['GlobalPortsAllowUserPrefMerge', true, true],
} as const
const actions = { inbound: ['DefaultInboundAction', 1], outbound: ['DefaultOutboundAction', 0] } as const
const bool = (uri: string, value: boolean): WantedNode => ({ uri, format: 'bool', data: value ? 'true' : 'false' })
const int = (uri: string, value: number): WantedNode => ({ uri, format: 'int', data: `${value}` })

function profileNodes(at: string, p: Profile): WantedNode[] {
  const nodes: WantedNode[] = []
  for (const [key, [name, sense]] of Object.entries(flags)) {
    const value = p[key as keyof typeof flags]
    if (value !== undefined) nodes.push(bool(`${at}/${name}`, value === sense))
  }
  for (const [key, [name]] of Object.entries(actions)) {
    const value = p[key as keyof typeof actions]
    if (value !== undefined) nodes.push(int(`${at}/${name}`, value === 'block' ? 1 : 0))
  }
  return nodes
}

export const firewall = nodeFeature(
  feature({
    id: 'windows.firewall',
    title: { en: 'Firewall', de: 'Firewall' },
    summary: {
      en: 'The profiles for networks of the domain, private and public ones. What is not set stays; taken away, Windows’s own defaults are set.',
      de: 'Die Profile für Domänen-, private und öffentliche Netzwerke. Was nicht gesetzt ist, bleibt; weggenommen gelten die Vorgaben von Windows.',
    },
    settings: () =>
      z
        .strictObject({
          domain: profile('Networks of the domain'),
          private: profile('Private networks'),
          public: profile('Public networks'),
          statefulFtp: maybe('Looks into FTP'),
          idleSeconds: whole('Seconds until an idle security association ends', 300, 3600),
        })
        .refine(
          (s) => Object.values(s).some((v) => v !== undefined && (typeof v !== 'object' || anySet(v))),
          'set at least one',
        ),
    merge: { rule: 'priority' },
    examples: [
      { domain: { on: true, inbound: 'block' }, public: { on: true, inbound: 'block', shielded: true, notify: false } },
    ],
  }),
  {
    to: { build: 16_299, csp: ['Firewall', '1.0'] },
    nodes: (s) => [
      ...(['domain', 'private', 'public'] as const).flatMap((p) => {
        const given = s[p]
        return given ? profileNodes(`${root}/${profiles[p]}`, given) : []
      }),
      ...(s.statefulFtp === undefined ? [] : [bool(`${root}/Global/DisableStatefulFtp`, !s.statefulFtp)]),
      ...(s.idleSeconds === undefined ? [] : [int(`${root}/Global/SaIdleTime`, s.idleSeconds)]),
    ],
    // These nodes are always there.
    undo: (uri): Undo => {
      const name = uri.slice(uri.lastIndexOf('/') + 1)
      const flag = Object.values(flags).find(([n]) => n === name)
      if (flag) return { node: bool(uri, flag[2]) }
      const action = Object.values(actions).find(([n]) => n === name)
      if (action) return { node: int(uri, action[1]) }
      return { node: name === 'SaIdleTime' ? int(uri, 300) : bool(uri, false) }
    },
  },
)

const protocols = { any: undefined, tcp: 6, udp: 17, icmp4: 1, icmp6: 58 } as const
const ports = z
  .string()
  .regex(/^\d{1,5}(-\d{1,5})?$/, 'is no port, or ports such as 8000-8010')
  .refine((t) => t.split('-').every((p) => Number(p) <= 65_535), 'is beyond 65535')
const addresses = z
  .string()
  .max(90)
  .regex(
    /^(\*|Defaultgateway|DHCP|DNS|WINS|Intranet|RmtIntranet|Internet|Ply2Renders|LocalSubnet|[0-9A-Fa-f.:]+(\/[0-9A-Fa-f.:]+|-[0-9A-Fa-f.:]+)?)$/,
    'is no address, network, range or word such as LocalSubnet',
  )
const rule = z
  .strictObject({
    name: oneLine(100)
      .min(1)
      .refine((t) => !/[|/]/.test(t), 'has | or / in it')
      .meta({ title: 'Name' }),
    description: lineOr('Description', undefined, 300),
    on: yes('In force'),
    direction: choiceOr('What', ['in', 'out'], 'in'),
    action: choiceOr('Is', ['allow', 'block'], 'allow'),
    profiles: z
      .array(z.enum(['domain', 'private', 'public']))
      .min(1)
      .max(3)
      .default(['domain', 'private', 'public'])
      .meta({ title: 'In networks' }),
    protocol: choiceOr('Protocol', ['any', 'tcp', 'udp', 'icmp4', 'icmp6'], 'any'),
    localPorts: many('Ports here', ports, 50),
    remotePorts: many('Ports there', ports, 50),
    localAddresses: many('Addresses here', addresses, 50),
    remoteAddresses: many('Addresses there', addresses, 100),
    program: lineOr('Program (path)', 'Such as %ProgramFiles%\\App\\app.exe', 500),
    package: lineOr('App (family name of the package)', undefined, 200),
    service: lineOr('Service', undefined, 200),
    interfaces: many('Interfaces', z.enum(['RemoteAccess', 'Wireless', 'Lan']), 3),
    edgeTraversal: no('Also through NAT (edge traversal)', 'What comes in alone'),
  })
  .refine((r) => ['tcp', 'udp'].includes(r.protocol) || (!r.localPorts && !r.remotePorts), {
    path: ['protocol'],
    message: 'ports are of TCP and UDP',
  })
  .refine((r) => [r.program, r.package, r.service].filter((v) => v !== undefined).length <= 1, {
    path: ['program'],
    message: 'a rule is for a program, an app or a service',
  })
type Rule = z.output<typeof rule>
const marks = { domain: 1, private: 2, public: 4 } as const

function ruleNodes(r: Rule): WantedNode[] {
  const at = `${root}/FirewallRules/${segment(r.name)}`
  const add = (name: string, format: 'chr' | 'int' | 'bool', data: string): WantedNode => ({
    uri: `${at}/${name}`,
    format,
    data,
    how: 'add',
  })
  const lists = {
    LocalPortRanges: r.localPorts,
    RemotePortRanges: r.remotePorts,
    LocalAddressRanges: r.localAddresses,
    RemoteAddressRanges: r.remoteAddresses,
  }
  const protocol = protocols[r.protocol]
  return [
    add('Name', 'chr', r.name),
    ...(r.description ? [add('Description', 'chr', r.description)] : []),
    ...(r.program ? [add('App/FilePath', 'chr', r.program)] : []),
    ...(r.package ? [add('App/PackageFamilyName', 'chr', r.package)] : []),
    ...(r.service ? [add('App/ServiceName', 'chr', r.service)] : []),
    ...(protocol === undefined ? [] : [add('Protocol', 'int', `${protocol}`)]),
    ...Object.entries(lists).flatMap(([name, list]) => (list ? [add(name, 'chr', list.join(','))] : [])),
    ...(r.interfaces ? [add('InterfaceTypes', 'chr', r.interfaces.join(','))] : []),
    add('Profiles', 'int', `${r.profiles.reduce((sum, p) => sum | marks[p], 0)}`),
    add('Direction', 'chr', r.direction === 'in' ? 'IN' : 'OUT'),
    add('Action/Type', 'int', r.action === 'allow' ? '1' : '0'),
    ...(r.direction === 'in' && r.edgeTraversal ? [add('EdgeTraversal', 'bool', 'true')] : []),
    // Last: a rule is in force when it is whole.
    add('Enabled', 'bool', r.on ? 'true' : 'false'),
  ]
}

export const firewallRules = nodeFeature(
  feature({
    id: 'windows.firewallRules',
    title: { en: 'Firewall rules', de: 'Firewall-Regeln' },
    summary: {
      en: 'Rules of the organisation’s own, beside those of the device.',
      de: 'Eigene Regeln der Organisation, neben denen des Geräts.',
    },
    settings: () =>
      z.strictObject({
        rules: z.array(rule).min(1).max(200).meta({ title: 'Rules' }),
      }),
    merge: { rule: 'union', lists: ['rules'] },
    examples: [
      {
        rules: [
          {
            name: 'Build server',
            on: true,
            direction: 'in',
            action: 'allow',
            profiles: ['domain', 'private'],
            protocol: 'tcp',
            localPorts: ['8000-8010', '443'],
            remoteAddresses: ['10.0.0.0/8', 'LocalSubnet'],
            program: '%ProgramFiles%\\Build\\build.exe',
            edgeTraversal: false,
          },
        ],
      },
    ],
  }),
  {
    to: { build: 16_299, csp: ['Firewall', '1.0'] },
    nodes: (s) => firstOf(s.rules, (r) => r.name).flatMap(ruleNodes),
    undo: (uri): Undo => ({ remove: uri.split('/').slice(0, rulesDepth).join('/') }),
  },
)
/** `…/FirewallRules/<name>`. */
const rulesDepth = `${root}/FirewallRules`.split('/').length + 1
