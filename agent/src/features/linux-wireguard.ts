/** A WireGuard tunnel for wg-quick(8), readable by root alone; without a given private key the device makes its own and never tells it. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { isCidr, type JsonObject, linuxWireguard } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import type { Tree } from '../tree.ts'
import type { Done, Feature, Machine } from './feature.ts'
import type { Edit } from './originals.ts'
import { readSettings } from './settings.ts'
import { unitLink } from './unit-link.ts'

type Settings = ReturnType<typeof linuxWireguard.settings.parse>

const folder = '/etc/wireguard'
const head = '# Managed by Muster: changes are overwritten.'
const id = linuxWireguard.id
/** How long the server may stay silent before the tunnel counts as swallowing the way to it. */
const patienceMs = 20_000

export const wireguard: Feature = {
  id,
  watches: [folder, '/etc/systemd/system'],
  check(tree, originals): JsonObject {
    const why = inapplicable(tree)
    if (why !== undefined) return { applicable: false, why }
    const name = ourTunnel(originals.memo(id))
    if (name === undefined) return { tunnel: null, intact: false }
    const text = tree.text(`${folder}/${name}.conf`, 262_144)
    return {
      tunnel: text === undefined ? null : { name, ...readTunnel(text) },
      intact: originals.intact(id),
      up: tree.live ? tree.exists(`/sys/class/net/${name}`) : null,
    }
  },
  async put(m, settings) {
    const s = readSettings(linuxWireguard, settings)
    const why = inapplicable(m.tree)
    if (why !== undefined) throw notApplicable(why)
    for (const address of s.addresses)
      if (!isCidr(address)) throw new Refused('invalid-settings', `${address} is no address with a length.`)
    const memo = m.originals.memo(id)
    const before = ourTunnel(memo)
    const path = `${folder}/${s.name}.conf`
    if (before !== s.name && m.tree.entry(path).kind !== 'absent')
      throw new Refused('name-taken', `${path} exists and is not Muster's. Choose another name.`)
    const own = typeof memo?.key === 'string' ? memo.key : newKey()
    m.originals.guard(id)
    // The key and the name are known before the file is there, so that whatever is interrupted can be taken back.
    m.originals.remember(id, { name: s.name, ...(s.privateKey === undefined ? { key: own } : {}) })
    const unit = unitLink(m.tree, `wg-quick@${s.name}.service`, 'multi-user.target.wants')
    const edits: Edit[] = [
      { path, kind: 'whole', text: writeTunnel(s, s.privateKey ?? own), mode: 0o600, strict: true },
      ...unit.edits(m.originals.keeps(id, unit.path)),
    ]
    if (m.tree.live && before !== undefined && before !== s.name) await service(m, 'stop', before)
    const files = m.originals.change(id, edits)
    const done: Done = m.tree.live
      ? { files, reloaded: await start(m, s.name, files.length > 0) }
      : { files, skipped: ['starting the tunnel'] }
    m.originals.settle(id)
    return done
  },
  recover: takeBack,
  async drop(m): Promise<Done> {
    const name = ourTunnel(m.originals.memo(id))
    // wg-quick takes down what its file says, so it must still be there.
    if (m.tree.live && name !== undefined) await service(m, 'stop', name)
    const files = m.originals.restore(id)
    return { files }
  },
}

/** Taken back when the tunnel swallows the way to the server, which it does when its networks contain it. */
async function start(m: Machine, name: string, changed: boolean): Promise<boolean> {
  if (!changed && m.tree.exists(`/sys/class/net/${name}`)) return false
  const reachable = await m.reach?.(0)
  const failed = await service(m, 'restart', name)
  if (failed !== undefined) {
    m.originals.settle(id)
    throw new Refused('not-started', `The tunnel is written, but did not start: ${failed}`)
  }
  if (!reachable || (await m.reach?.(patienceMs))) return true
  await takeBack(m)
  throw new Refused('cut-off', 'With this tunnel the device could not reach its server any more, so it was taken back.')
}

/** The tunnel on trial goes down, the one before it, if any, comes up again. */
async function takeBack(m: Machine): Promise<void> {
  const tried = ourTunnel(m.originals.memo(id))
  if (m.tree.live && tried !== undefined) await service(m, 'stop', tried)
  m.originals.revert(id)
  const before = ourTunnel(m.originals.memo(id))
  if (m.tree.live && before !== undefined) await service(m, 'restart', before)
}

async function service(m: Machine, verb: 'restart' | 'stop', name: string): Promise<string | undefined> {
  const ran = await m.run('systemctl', [verb, '--', `wg-quick@${name}.service`], { timeoutS: 60 })
  return ran.exitCode === 0 ? undefined : ran.stderr.trim().slice(0, 500) || 'systemctl failed'
}

function writeTunnel(s: Settings, privateKey: string): string {
  const line = (key: string, value: string | number | undefined) =>
    value === undefined || value === '' ? [] : [`${key} = ${value}`]
  const own = [
    '[Interface]',
    `PrivateKey = ${privateKey}`,
    `Address = ${s.addresses.join(', ')}`,
    ...line('ListenPort', s.listenPort),
    ...line('MTU', s.mtu),
    ...line('DNS', s.dns.join(', ')),
  ]
  const peers = s.peers.flatMap((p) => [
    '',
    '[Peer]',
    `PublicKey = ${p.publicKey}`,
    ...line('PresharedKey', s.presharedKey),
    ...line('Endpoint', p.endpoint),
    `AllowedIPs = ${p.allowedIps.join(', ')}`,
    ...line('PersistentKeepalive', p.keepaliveS === 0 ? undefined : p.keepaliveS),
  ])
  return `${[head, ...own, ...peers].join('\n')}\n`
}

/** What is there, without secrets. */
function readTunnel(text: string): JsonObject {
  const sections: Map<string, string>[] = []
  for (const line of text.split('\n')) {
    if (/^\[(Interface|Peer)\]$/.test(line)) sections.push(new Map([['', line]]))
    const m = /^(\w+) = (.*)$/.exec(line)
    if (m) sections.at(-1)?.set(m[1] as string, m[2] as string)
  }
  const list = (v: string | undefined) => (v === undefined ? [] : v.split(', '))
  const number = (v: string | undefined) => (v === undefined ? null : Number(v))
  const own = sections.find((s) => s.get('') === '[Interface]')
  return {
    addresses: list(own?.get('Address')),
    listenPort: number(own?.get('ListenPort')),
    mtu: number(own?.get('MTU')),
    dns: list(own?.get('DNS')),
    publicKey: publicOf(own?.get('PrivateKey')),
    peers: sections
      .filter((s) => s.get('') === '[Peer]')
      .map((p) => ({
        publicKey: p.get('PublicKey') ?? null,
        endpoint: p.get('Endpoint') ?? null,
        allowedIps: list(p.get('AllowedIPs')),
        keepaliveS: number(p.get('PersistentKeepalive')) ?? 0,
      })),
  }
}

function ourTunnel(memo: JsonObject | undefined): string | undefined {
  return typeof memo?.name === 'string' ? memo.name : undefined
}

/** The last 32 bytes of PKCS #8 are the key itself (RFC 8410). */
function newKey(): string {
  const der = generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' })
  return der.subarray(-32).toString('base64')
}

const pkcs8Head = Buffer.from('302e020100300506032b656e04220420', 'hex')

function publicOf(privateKey: string | undefined): string | null {
  const raw = Buffer.from(privateKey ?? '', 'base64')
  if (raw.length !== 32) return null
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, raw]), format: 'der', type: 'pkcs8' })
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')
}

function inapplicable(tree: Tree): string | undefined {
  return tree.exists('/usr/bin/wg-quick') ? undefined : 'WireGuard’s tools are not installed on this device.'
}
