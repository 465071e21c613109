/** One POST to somebody else's server: its name asked once, the address judged and then used, no redirects, little read. */
import { lookup as askName } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { PostAnswer, Poster } from '@muster/core'
import { nodeHttp } from '../node-http.ts'
import { version } from '../version.ts'
import { type Allowed, allowedBy, isLoopback, type WebhookReach } from './networks.ts'

/** Of an answer's body nothing is used; so much is let through before the connection is cut. */
const bodyBytes = 64 * 1024
const refusedAddress = 'this address is not public, and the server does not allow it (MUSTER_WEBHOOK_NETWORKS)'
const refusedScheme = 'send to an https address (plain http: MUSTER_WEBHOOK_HTTP=allow)'

export function createPoster(reach: WebhookReach = {}): Poster & { close(): void } {
  const allowed = allowedBy(reach.networks)
  const agents = { 'http:': new nodeHttp.Agent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) }

  function refusal(url: URL): string | undefined {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return refusedScheme
    if (url.protocol === 'http:' && !reach.plainHttp && !isLoopback(host) && host !== 'localhost') return refusedScheme
    return isIP(host) !== 0 && !allowed(host) ? refusedAddress : undefined
  }

  async function post(o: Parameters<Poster['post']>[0]): Promise<PostAnswer> {
    const url = new URL(o.url)
    const refused = refusal(url)
    if (refused !== undefined) throw new Error(refused)
    o.signal.throwIfAborted()
    return send(url, o)
  }

  function send(url: URL, o: Parameters<Poster['post']>[0]): Promise<PostAnswer> {
    const secure = url.protocol === 'https:'
    return new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : nodeHttp.request)(url, {
        method: 'POST',
        agent: agents[secure ? 'https:' : 'http:'],
        lookup: judgedLookup(allowed),
        signal: o.signal,
        headers: {
          ...o.headers,
          'content-length': Buffer.byteLength(o.body),
          'user-agent': `Muster/${version}`,
        },
      })
      request.on('response', (response) => read(response).then(resolve, reject))
      request.on('error', (e: NodeJS.ErrnoException) => {
        // A kept connection that the other side had closed meanwhile says nothing about the other side.
        if (request.reusedSocket && e.code === 'ECONNRESET' && !o.signal.aborted) return resolve(send(url, o))
        reject(o.signal.aborted ? new Error(late(o.signal)) : e)
      })
      request.end(o.body)
    })
  }

  return {
    refusal,
    post,
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

/** The name's addresses are judged here and only here are they handed to the socket, so no second answer of a name server counts. */
function judgedLookup(allowed: Allowed): LookupFunction {
  return (hostname, options, done) => {
    askName(hostname, { ...options, all: true }, (error, found) => {
      const good = error ? [] : found.filter((a) => allowed(a.address))
      const [first] = good
      if (error || !first) return done(error ?? new Error(refusedAddress), '', 0)
      if (options.all) done(null, good)
      else done(null, first.address, first.family)
    })
  }
}

function read(response: IncomingMessage): Promise<PostAnswer> {
  const { statusCode: status = 0, headers } = response
  const asked = Number(headers['retry-after'])
  const answer = { status, ...(Number.isFinite(asked) && asked > 0 ? { retryAfterS: asked } : {}) }
  return new Promise((resolve, reject) => {
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bodyBytes) response.destroy()
    })
    response.on('error', reject)
    // The status is what counts: an answer cut off for its length has one too.
    response.on('close', () =>
      response.complete || bytes > bodyBytes ? resolve(answer) : reject(new Error('the answer broke off')),
    )
  })
}

function late(signal: AbortSignal): string {
  return signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
    ? 'no answer in time'
    : 'given up: the server is stopping'
}
