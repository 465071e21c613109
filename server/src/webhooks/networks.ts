/** Which addresses a webhook may reach: public ones, and those that the operator names. Nothing of the server's own neighbourhood by itself. */
import { isIP } from 'node:net'
import { networksOf } from '../networks.ts'

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
const loopback = networksOf(['127.0.0.0/8', '::1/128'])
const closed = networksOf(special)

export type Allowed = (address: string) => boolean

/** Throws an Error that names the variable. */
export function readNetworks(text: string | undefined): string[] {
  const networks = (text ?? '').split(',').flatMap((n) => (n.trim() === '' ? [] : [n.trim()]))
  try {
    networksOf(networks)
  } catch {
    throw new Error(`MUSTER_WEBHOOK_NETWORKS takes networks like 10.1.0.0/16, separated by commas: ${text}`)
  }
  return networks
}

export function isLoopback(address: string): boolean {
  return loopback.holds(address)
}

export function allowedBy(networks: readonly string[] = []): Allowed {
  const open = networksOf(networks)
  return (address) => isIP(address) !== 0 && (open.holds(address) || !closed.holds(address))
}
