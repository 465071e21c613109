/** Lists of addresses and networks (CIDR), asked whether they hold an address. */
import { BlockList, isIP } from 'node:net'

export interface Networks {
  /** An IPv4 address inside an IPv6 one (`::ffff:192.0.2.1`) is judged as what it is; what is no address is held by none. */
  holds(address: string): boolean
}

/** Throws an Error `not a network: <text>` for what is neither an address nor a network like 10.1.0.0/16. */
export function networksOf(networks: readonly string[]): Networks {
  // Apart, because one list takes an IPv4 address for the IPv6 one that holds it, and judges it by the networks of both.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const network of networks) {
    const [address = '', bits, ...more] = network.split('/')
    const family = familyOf(address)
    const most = family === 'ipv6' ? 128 : 32
    const size = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
    if (!family || more.length > 0 || !(size <= most)) throw new Error(`not a network: ${network}`)
    lists[family].addSubnet(address, size, family)
  }
  return {
    holds: (address) => {
      const judged = plainAddress(address)
      const family = familyOf(judged)
      return family !== undefined && lists[family].check(judged, family)
    },
  }
}

function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address)
  if (version === 0) return undefined
  return version === 6 ? 'ipv6' : 'ipv4'
}
