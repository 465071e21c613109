/** Who calls, for what comes by the lane below node:http: the address and the certificate that the framework's own readers would tell, behind believed proxies too. */
import { isIP, type Socket } from 'node:net'
import { certificateOf } from './listen.ts'
import { networksOfProxies, type ProxiedCertificates, readCertificateHeader } from './proxied-certificate.ts'

export interface CallerReader {
  /** Address of the caller. undefined: a proxy tells it in a way that the framework alone reads. */
  remoteOf(headers: Readonly<Record<string, string>>, socket: Socket): string | undefined
  /** DER of the certificate that the caller has proven, to us or to a proxy that we believe. The same object each time that one request asks. */
  certificateOf(headers: Readonly<Record<string, string>>, socket: Socket): Buffer | undefined
}

export function createCallerReader(o: ProxiedCertificates): CallerReader {
  const addressOf = (socket: Socket) => socket.remoteAddress ?? ''
  if (!o.trustedProxies?.length)
    return { remoteOf: (_, socket) => addressOf(socket), certificateOf: (_, s) => certificateOf(s) }
  const proxies = networksOfProxies(o.trustedProxies)
  const name = o.header?.toLowerCase()
  const ends = new WeakMap<Socket, { address: string; proxy: boolean }>()
  const shown = createShown()

  /** A connection's other end does not change. */
  function endOf(socket: Socket): { address: string; proxy: boolean } {
    const known = ends.get(socket)
    if (known !== undefined) return known
    const address = addressOf(socket)
    const end = { address, proxy: proxies.holds(address) }
    // One that is gone already has no address any more.
    if (address !== '') ends.set(socket, end)
    return end
  }
  return {
    remoteOf: (headers, socket) => {
      const told = headers['x-forwarded-for']
      const end = endOf(socket)
      if (told === undefined || !end.proxy) return end.address
      // One address: whoever it is, the proxies end there. A chain of them is for the framework to follow.
      return isIP(told) === 0 ? undefined : told
    },
    certificateOf: (headers, socket) => {
      if (name === undefined || !endOf(socket).proxy) return certificateOf(socket)
      const value = headers[name]
      return value === undefined ? undefined : shown(value)
    },
  }
}

/**
 * One request asks several times: what stood in the header just now is decoded once. Of those before it nothing is kept, which would cost more than decoding
 * them again: whatever outlives its request is copied by the collector of garbage, and with a part of a head all of it.
 */
function createShown(): (value: string) => Buffer | undefined {
  let text = ''
  let certificate: Buffer | undefined
  return (value) => {
    if (value !== text) {
      certificate = readCertificateHeader(value)
      text = value
    }
    return certificate
  }
}
