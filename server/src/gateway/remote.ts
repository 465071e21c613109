/** Where a request comes from, as counting needs it: one IPv6 subscriber holds a whole /64, so that is one place. */
import { isIPv6 } from 'node:net'

/** The address; of IPv6 its first 64 bits, of an IPv4 address in IPv6 clothes the IPv4 address. */
export function placeOf(ip: string): string {
  if (!ip.includes(':') || !isIPv6(ip)) return ip
  if (/^::ffff:[\d.]+$/i.test(ip)) return ip.slice(7)
  const [head = '', tail] = ip.split('%', 1)[0]!.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length - (ip.includes('.') ? 1 : 0)
  const groups = [...front, ...Array<string>(Math.max(0, zeros)).fill('0'), ...back]
  return `${groups
    .slice(0, 4)
    .map((g) => Number.parseInt(g, 16).toString(16))
    .join(':')}::/64`
}
