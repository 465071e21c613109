/** A Wi-Fi network as a connection of NetworkManager, readable by root alone. */
import { createHash } from 'node:crypto'
import { type JsonObject, linuxWifi } from '@muster/contract'
import { notApplicable } from '../failure.ts'
import type { Tree } from '../tree.ts'
import type { Done, Feature, Machine } from './feature.ts'
import { readKeyfile, writeKeyfile } from './keyfile.ts'
import type { Edit } from './originals.ts'
import { readSettings } from './settings.ts'

type Settings = ReturnType<typeof linuxWifi.settings.parse>
type Pairs = (readonly [string, string])[]

const folder = '/etc/NetworkManager/system-connections'
const authorities = '/etc/ssl/muster'
const prefix = 'muster-'
const head = '# Managed by Muster: changes are overwritten.'

export const wifi: Feature = {
  id: linuxWifi.id,
  watches: [folder, authorities],
  check(tree, originals): JsonObject {
    const why = inapplicable(tree)
    if (why !== undefined) return { applicable: false, why }
    const names = tree.list(folder, 512).filter((n) => n.startsWith(prefix) && n.endsWith('.nmconnection'))
    const networks = names.flatMap((n) => {
      const entry = tree.entry(`${folder}/${n}`)
      // NetworkManager passes over files that others could read.
      if (entry.kind !== 'file' || (entry.mode & 0o077) !== 0) return []
      return [summary(tree, tree.text(`${folder}/${n}`, 65_536) ?? '')]
    })
    return { networks, intact: originals.intact(linuxWifi.id) }
  },
  async put(m, settings) {
    const s = readSettings(linuxWifi, settings)
    const why = inapplicable(m.tree)
    if (why !== undefined) throw notApplicable(why)
    const slug = slugOf(s.ssid)
    const authority = `${authorities}/wifi-${slug}.pem`
    const edits: Edit[] = [
      {
        path: `${folder}/${prefix}${slug}.nmconnection`,
        kind: 'whole',
        text: connection(s, s.caCertificate === undefined ? undefined : authority),
        mode: 0o600,
        strict: true,
      },
      ...(s.caCertificate !== undefined && s.security === 'wpa-eap'
        ? [{ path: authority, kind: 'whole' as const, text: `${s.caCertificate.trim()}\n`, mode: 0o644 }]
        : []),
    ]
    return takenOver(m, m.originals.change(linuxWifi.id, edits))
  },
  drop: async (m) => takenOver(m, m.originals.restore(linuxWifi.id)),
}

async function takenOver(m: Machine, files: string[]): Promise<Done> {
  if (files.length === 0) return { files }
  if (!m.tree.live) return { files, skipped: ['nmcli connection reload'] }
  const ran = await m.run('nmcli', ['connection', 'reload'], { timeoutS: 30 })
  return ran.exitCode === 0 ? { files, reloaded: true } : { files, skipped: ['nmcli connection reload'] }
}

function connection(s: Settings, authority: string | undefined): string {
  const ssid = [...Buffer.from(s.ssid)].map((byte) => `${byte};`).join('')
  const hash = createHash('sha256').update(`muster wifi ${s.ssid}`).digest('hex')
  // RFC 9562: version 8, ours to make; the same network keeps its identity over changes of its settings.
  const uuid = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
  const groups: [string, Pairs][] = [
    [
      'connection',
      [
        ['id', `Muster ${s.ssid}`],
        ['uuid', uuid],
        ['type', 'wifi'],
        ['autoconnect', String(s.autoconnect)],
      ],
    ],
    [
      'wifi',
      [
        ['mode', 'infrastructure'],
        ['ssid', ssid],
        ['hidden', String(s.hidden)],
      ],
    ],
  ]
  if (s.security === 'wpa-psk')
    groups.push(['wifi-security', [['key-mgmt', 'wpa-psk'], ...optional('psk', s.passphrase)]])
  if (s.security === 'wpa-eap') {
    groups.push(['wifi-security', [['key-mgmt', 'wpa-eap']]])
    groups.push([
      '802-1x',
      [
        ['eap', `${s.eap};`],
        ['phase2-auth', 'mschapv2'],
        ...optional('identity', s.identity),
        ...optional('anonymous-identity', s.anonymousIdentity),
        ...optional('domain-suffix-match', s.domain),
        ...(authority === undefined ? [['system-ca-certs', 'true'] as const] : [['ca-cert', authority] as const]),
        // 2: asked for when it is needed, and never kept.
        ...(s.password === undefined ? [['password-flags', '2'] as const] : [['password', s.password] as const]),
      ],
    ])
  }
  groups.push(['ipv4', [['method', 'auto']]], ['ipv6', [['method', 'auto']]])
  return writeKeyfile(head, groups)
}

function optional(key: string, value: string | undefined): Pairs {
  return value === undefined ? [] : [[key, value]]
}

/** What is there, without secrets. */
function summary(tree: Tree, text: string): JsonObject {
  const file = readKeyfile(text)
  const of = (group: string, key: string) => file.get(group)?.get(key) ?? null
  const ca = of('802-1x', 'ca-cert')
  return {
    ssid: ssidOf(of('wifi', 'ssid') ?? ''),
    hidden: of('wifi', 'hidden') === 'true',
    autoconnect: of('connection', 'autoconnect') !== 'false',
    security: of('wifi-security', 'key-mgmt') ?? 'open',
    eap: of('802-1x', 'eap')?.replace(/;$/, '') ?? null,
    identity: of('802-1x', 'identity'),
    anonymousIdentity: of('802-1x', 'anonymous-identity'),
    domain: of('802-1x', 'domain-suffix-match'),
    caCertificate:
      ca === null ? null : (tree.text(ca.startsWith(authorities) ? ca : '/dev/null', 65_536)?.trim() ?? null),
    hasSecret: of('wifi-security', 'psk') !== null || of('802-1x', 'password') !== null,
  }
}

function ssidOf(text: string): string {
  return /^(\d{1,3};)+$/.test(text) ? Buffer.from(text.split(';').slice(0, -1).map(Number)).toString('utf8') : text
}

/** Two networks whose names differ only in odd characters must not share a file. */
function slugOf(ssid: string): string {
  const plain = ssid
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 32)
  return `${plain || 'network'}-${createHash('sha256').update(ssid).digest('hex').slice(0, 6)}`
}

function inapplicable(tree: Tree): string | undefined {
  return tree.exists('/etc/NetworkManager') ? undefined : 'NetworkManager is not installed on this device.'
}
