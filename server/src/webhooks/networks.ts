/** Which addresses a webhook may reach: public ones, and those that the operator names. Nothing of the server's own neighbourhood by itself. */
import { BlockList, isIP } from 'node:net'

export interface WebhookReach {
  /** Networks allowed beside public addresses: '10.1.0.0/16', 'fd00::/8', '127.0.0.1'. */
  networks?: readonly string[]
  /** Plain http to anywhere; else only to this machine itself. */
  plainHttp?: boolean
}

/** Not for the public: RFC 6890 and its kin, the ways to write IPv4 addresses inside IPv6 ones, and all IPv6 that is no global unicast (RFC 4291). */
const special = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...[
    '224.0.0.0/4',
    '240.0.0.0/4',
    '::/3',
    '4000::/2',
    '8000::/1',
    '2001::/23',
    '2001:db8::/32',
    '2002::/16',
    '3fff::/20',
  ],
]
/** Apart, because one list takes an IPv4 address for the IPv6 one that holds it (::ffff:0:0/96), and judges it by the networks of both. */
interface Networks {
  readonly ipv4: BlockList
  readonly ipv6: BlockList
}

const loopback = listOf(['127.0.0.0/8', '::1/128'])
const closed = listOf(special)

export type Allowed = (address: string) => boolean

/** Throws an Error that names the variable. */
export function readNetworks(text: string | undefined): string[] {
  const networks = (text ?? '').split(',').flatMap((n) => (n.trim() === '' ? [] : [n.trim()]))
  try {
    listOf(networks)
  } catch {
    throw new Error(`MUSTER_WEBHOOK_NETWORKS takes networks like 10.1.0.0/16, separated by commas: ${text}`)
  }
  return networks
}

/** An IPv4 address inside an IPv6 one is judged as what it is. */
const plain = (address: string) => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
const holds = (list: Networks, address: string) => list[familyOf(address)].check(address, familyOf(address))

export function isLoopback(address: string): boolean {
  return isIP(address) !== 0 && holds(loopback, plain(address))
}

export function allowedBy(networks: readonly string[] = []): Allowed {
  const open = listOf(networks)
  return (address) => {
    const judged = plain(address)
    return isIP(judged) !== 0 && (holds(open, judged) || !holds(closed, judged))
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

function listOf(networks: readonly string[]): Networks {
  const list: Networks = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const network of networks) {
    const [address = '', bits, ...more] = network.split('/')
    const family = familyOf(address)
    if (isIP(address) === 0 || more.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits)))
      throw new Error(`not a network: ${network}`)
    list[family].addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  return list
}
