/**
 * The firewall: a table of nftables of our own beside whatever else is there. The running one is loaded first, proven to keep the way to the server,
 * and only then written for the next start: whatever is interrupted meanwhile, a restart is as before.
 */
import { firewallRules, isCidr, type JsonObject, linuxFirewall } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import type { Tree } from '../tree.ts'
import type { Done, Feature, Machine } from './feature.ts'
import { putLines } from './managed-lines.ts'
import type { Edit } from './originals.ts'
import { readSettings } from './settings.ts'
import { unitLink } from './unit-link.ts'

const main = '/etc/nftables.conf'
const file = '/etc/nftables.d/50-muster.nft'
const include = `include "${file}"`
const unit = 'nftables.service'
/** How long the server may stay silent before the firewall counts as cutting it off. */
const patienceMs = 20_000

/** A table of the same name is replaced as one: `add` so that `delete` never fails. */
const begin = ['# Managed by Muster: changes are overwritten.', 'add table inet muster', 'delete table inet muster']
const always = [
  'ct state established,related accept',
  'ct state invalid drop',
  'iif "lo" accept',
  'icmp type { destination-unreachable, time-exceeded, parameter-problem } accept',
  // Without these IPv6 finds neither neighbours nor routers, nor learns of packets that are too big (RFC 4890).
  'icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept',
  'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, mld-listener-query } accept',
  // Answers of DHCP servers, which connection tracking does not know as such.
  'udp sport 67 udp dport 68 accept',
  'udp sport 547 udp dport 546 accept',
]
const echo = ['icmp type echo-request accept', 'icmpv6 type echo-request accept']
const log = 'limit rate 5/minute log prefix "muster denied: "'

export const firewall: Feature = {
  id: linuxFirewall.id,
  watches: [main, '/etc/nftables.d', '/etc/systemd/system'],
  check(tree): JsonObject {
    const why = inapplicable(tree)
    if (why !== undefined) return { applicable: false, why }
    const text = tree.text(file)
    const read = readTable(text ?? '')
    return {
      ...read,
      present: text !== undefined,
      exact: text !== undefined && text === writeTable(read),
      included: (tree.text(main) ?? '').split('\n').some((l) => l.trim() === include),
      enabled: unitLink(tree, unit, 'sysinit.target.wants').enabled,
    }
  },
  /** What the kernel has: somebody may have flushed the rules that the files still show. */
  async observe(m): Promise<JsonObject> {
    if (!m.tree.live) return {}
    const ran = await m.run('nft', ['list', 'chain', 'inet', 'muster', 'input'], { keep: 262_144 })
    if (ran.missing) return {}
    return { loaded: ran.exitCode === 0 && /policy drop/.test(ran.stdout) }
  },
  async put(m, settings) {
    const s = readSettings(linuxFirewall, settings)
    const why = inapplicable(m.tree)
    if (why !== undefined) throw notApplicable(why)
    const table = writeTable({ rules: firewallRules(s), ping: s.ping, logDenied: s.logDenied })
    m.originals.guard(linuxFirewall.id)
    if (m.tree.live) await load(m, table)
    const link = unitLink(m.tree, unit, 'sysinit.target.wants')
    const edits: Edit[] = [
      { path: file, kind: 'whole', text: table },
      {
        path: main,
        kind: 'lines',
        text: putLines(m.tree.text(main) ?? '', { lines: [include], silences: () => false, where: 'bottom' }),
      },
      ...link.edits(m.originals.keeps(linuxFirewall.id, link.path)),
    ]
    const files = m.originals.change(linuxFirewall.id, edits)
    m.originals.settle(linuxFirewall.id)
    return m.tree.live ? { files, reloaded: true } : { files, skipped: ['loading the rules into the kernel'] }
  },
  recover: takeBack,
  async drop(m): Promise<Done> {
    const placed = m.originals.placed(linuxFirewall.id)
    const files = m.originals.restore(linuxFirewall.id)
    if (!m.tree.live || !placed) return { files }
    await m.run('nft', ['delete', 'table', 'inet', 'muster'])
    return { files, reloaded: true }
  },
}

/** Checked, loaded, and taken back at once when the server cannot be reached any more. */
async function load(m: Machine, table: string): Promise<void> {
  const checked = await m.run('nft', ['-c', '-f', '-'], { input: table })
  if (checked.exitCode !== 0) {
    m.originals.settle(linuxFirewall.id)
    throw new Refused('invalid-config', `nft refuses the rules: ${checked.stderr.trim().slice(0, 1000)}`)
  }
  // Who could not be reached before tells nothing about the firewall.
  const reachable = await m.reach?.(0)
  const loaded = await m.run('nft', ['-f', '-'], { input: table })
  if (loaded.exitCode !== 0) {
    m.originals.settle(linuxFirewall.id)
    throw new Refused('not-loaded', `The kernel does not take the rules: ${loaded.stderr.trim().slice(0, 1000)}`)
  }
  if (!reachable || (await m.reach?.(patienceMs))) return
  await takeBack(m)
  throw new Refused(
    'cut-off',
    'With these rules the device could not reach its server any more, so they were taken back.',
  )
}

/** The kernel gets what it had before; the files were not written yet, or are as they were. */
async function takeBack(m: Machine): Promise<void> {
  m.originals.revert(linuxFirewall.id)
  if (!m.tree.live) return
  const previous = m.originals.placed(linuxFirewall.id) ? m.tree.text(file) : undefined
  if (previous === undefined) await m.run('nft', ['delete', 'table', 'inet', 'muster'])
  else await m.run('nft', ['-f', '-'], { input: previous })
}

interface Table {
  rules: string[]
  ping: boolean
  logDenied: boolean
}

export function writeTable({ rules, ping, logDenied }: Table): string {
  const lines = [...always, ...(ping ? echo : []), ...rules.map(writeRule), ...(logDenied ? [log] : [])]
  return `${[
    ...begin,
    'table inet muster {',
    '  chain input {',
    '    type filter hook input priority filter; policy drop;',
    ...lines.map((l) => `    ${l}`),
    '  }',
    '}',
  ].join('\n')}\n`
}

/** `tcp 22 from 10.0.0.0/8`, in nft's words. */
function writeRule(rule: string): string {
  const [protocol, ports, , from] = rule.split(' ')
  const source = from === undefined ? '' : `${from.includes(':') ? 'ip6' : 'ip'} saddr ${from} `
  return `${source}${protocol} dport ${ports} accept`
}

/** Rules that have our form; others are passed over, and then the table is not exactly ours. */
export function readTable(text: string): Table {
  const lines = text.split('\n').map((l) => l.trim())
  const rules = lines.flatMap((line) => {
    const m = /^(?:ip6? saddr ([0-9a-f:./]+) )?(tcp|udp) dport (\d{1,5}(?:-\d{1,5})?) accept$/.exec(line)
    if (!m) return []
    const [, from, protocol, ports] = m
    if (from !== undefined && !isCidr(from) && !isCidr(`${from}/32`) && !isCidr(`${from}/128`)) return []
    return [`${protocol} ${ports}${from === undefined ? '' : ` from ${from}`}`]
  })
  return { rules, ping: echo.every((l) => lines.includes(l)), logDenied: lines.includes(log) }
}

function inapplicable(tree: Tree): string | undefined {
  return tree.exists('/usr/sbin/nft') || tree.exists(main) ? undefined : 'nftables is not installed on this device.'
}
