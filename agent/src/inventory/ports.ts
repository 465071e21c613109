/** Who may be connected to: sockets that listen, as the kernel tells them in /proc/net (proc(5)), with the program that holds each on a live machine. */
import fs from 'node:fs'
import type { JsonObject } from '@muster/contract'
import type { Tree } from '../tree.ts'

const portsLimit = 500
const rowsLimit = 20_000
const processesLimit = 20_000
/** TCP_LISTEN; of UDP, which does not listen, 07 is a socket without a peer. */
const listening = { tcp: '0A', tcp6: '0A', udp: '07', udp6: '07' } as const

interface Port {
  protocol: 'tcp' | 'udp'
  address: string
  port: number
  program: string | null
}

export function portFacts(tree: Tree): JsonObject {
  const found = new Map<string, Port & { inode: string }>()
  for (const [table, state] of Object.entries(listening)) {
    const rows =
      tree
        .text(`/proc/net/${table}`, 8 * 1024 * 1024)
        ?.split('\n')
        .slice(1, rowsLimit) ?? []
    for (const row of rows) {
      const [, local = '', , st, , , , , , inode = ''] = row.trim().split(/\s+/)
      const [hex = '', portHex = ''] = local.split(':')
      if (st !== state || !/^[0-9A-F]{1,4}$/.test(portHex)) continue
      const address = addressOf(hex)
      const protocol = table.startsWith('tcp') ? 'tcp' : 'udp'
      const port = Number.parseInt(portHex, 16)
      if (address !== undefined && port > 0)
        found.set(`${protocol} ${address} ${port}`, { protocol, address, port, program: null, inode })
    }
  }
  const ports = [...found.values()].slice(0, portsLimit)
  const holders = tree.live ? programsOf(new Set(ports.map((p) => p.inode))) : new Map<string, string>()
  const told = ports
    .map(({ inode, ...p }) => ({ ...p, program: holders.get(inode) ?? null }))
    .sort(
      (a, b) =>
        a.port - b.port ||
        (a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : a.address < b.address ? -1 : 1),
    )
  return tree.exists('/proc/net/tcp') ? { 'network.listening': told } : {}
}

/** The kernel writes addresses as 32-bit words in its own byte order, which is little-endian on all that we run on. */
function addressOf(hex: string): string | undefined {
  if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/.test(hex)) return undefined
  const bytes = Buffer.from(hex, 'hex')
  for (let i = 0; i < bytes.length; i += 4) bytes.subarray(i, i + 4).reverse()
  if (bytes.length === 4) return bytes.join('.')
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16))
  return shortened(words)
}

/** The longest run of two or more zeros becomes `::` (RFC 5952). */
function shortened(words: readonly string[]): string {
  let best = { at: -1, length: 1 }
  for (let at = 0; at < words.length; at += 1) {
    let length = 0
    while (words[at + length] === '0') length += 1
    if (length > best.length) best = { at, length }
  }
  if (best.at < 0) return words.join(':')
  return `${words.slice(0, best.at).join(':')}::${words.slice(best.at + best.length).join(':')}`
}

/** Program by inode of its socket; what may not be looked into is left out. */
function programsOf(inodes: ReadonlySet<string>): Map<string, string> {
  const found = new Map<string, string>()
  for (const pid of numbersIn('/proc').slice(0, processesLimit)) {
    if (found.size === inodes.size) break
    for (const fd of numbersIn(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(targetOf(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined && inodes.has(inode)) found.set(inode, nameOf(pid))
    }
  }
  return found
}

function nameOf(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim().slice(0, 64)
  } catch {
    return 'gone'
  }
}
function numbersIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder).filter((n) => /^\d+$/.test(n))
  } catch {
    return []
  }
}
function targetOf(at: string): string {
  try {
    return fs.readlinkSync(at)
  } catch {
    return ''
  }
}
