/** Who calls, for what comes by the lane below node:http: the address and the certificate that the framework's own readers would tell, behind believed proxies too. */
import { isIP, type Socket } from 'node:net'
import { certificateOf } from './listen.ts'
import { networksOfProxies, type ProxiedCertificates, readCertificateHeader } from './proxied-certificate.ts'

export interface CallerReader {
  /** Address of the caller. undefined: a proxy tells it in a way that the framework alone reads. */
  remoteOf(headers: Readonly<Record<string, string>>, socket: Socket): string | undefined
  /** DER of the certificate that the caller has proven, to us or to a proxy that we believe. The same object for the same certificate while it is asked for often. */
  certificateOf(headers: Readonly<Record<string, string>>, socket: Socket): Buffer | undefined
}

export function createCallerReader(o: ProxiedCertificates): CallerReader {
  const direct = (socket: Socket) => socket.remoteAddress ?? ''
  if (!o.trustedProxies?.length)
    return { remoteOf: (_, socket) => direct(socket), certificateOf: (_, s) => certificateOf(s) }
  const proxies = networksOfProxies(o.trustedProxies)
  const name = o.header?.toLowerCase()
  const believed = new WeakMap<Socket, boolean>()
  const shown = createShown()

  /** A connection's other end does not change. */
  function isProxy(socket: Socket): boolean {
    const known = believed.get(socket)
    if (known !== undefined) return known
    const is = proxies.holds(direct(socket))
    believed.set(socket, is)
    return is
  }
  return {
    remoteOf: (headers, socket) => {
      const told = headers['x-forwarded-for']
      if (told === undefined || !isProxy(socket)) return direct(socket)
      // One address: whoever it is, the proxies end there. A chain of them is for the framework to follow.
      return isIP(told) === 0 ? undefined : told
    },
    certificateOf: (headers, socket) => {
      if (name === undefined || !isProxy(socket)) return certificateOf(socket)
      const value = headers[name]
      return value === undefined ? undefined : shown(value)
    },
  }
}

/** Headers whose certificates are remembered; a power of two. */
const lately = 1024

/** Who asks once asks again soon: what stood in a header just now is decoded once. */
function createShown(): (value: string) => Buffer | undefined {
  const texts: string[] = new Array(lately).fill('')
  const certificates: (Buffer | undefined)[] = new Array(lately).fill(undefined)
  return (value) => {
    // A certificate ends with its signature, which is as good as chance; two that meet in one place only cost each other the decoding.
    let place = 0
    for (let i = Math.max(0, value.length - 12); i < value.length; i += 1)
      place = (place * 31 + value.charCodeAt(i)) | 0
    place = (place ^ (place >>> 11)) & (lately - 1)
    if (texts[place] !== value) {
      certificates[place] = readCertificateHeader(value)
      texts[place] = value
    }
    return certificates[place]
  }
}
