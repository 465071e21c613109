/** The only way a plugin calls out: to origins its settings name, without redirects, within a time, and logged. */

const timeoutMs = 30_000

class OutboundRefused extends Error {
  constructor(origin: string) {
    super(`calls to ${origin} are not allowed: add the origin to the platform's settings`)
    this.name = 'OutboundRefused'
  }
}

export function createFetch(o: {
  origins: readonly string[]
  log: { info(x: object, m: string): void; warn(x: object, m: string): void }
}): typeof globalThis.fetch {
  const allowed = new Set(o.origins.map((x) => new URL(x).origin))
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input))
    if (!allowed.has(url.origin)) throw new OutboundRefused(url.origin)
    const started = performance.now()
    const limit = AbortSignal.timeout(timeoutMs)
    const signal = init?.signal ? AbortSignal.any([limit, init.signal]) : limit
    try {
      const response = await fetch(input, { ...init, signal, redirect: 'error' })
      o.log.info(
        {
          origin: url.origin,
          path: url.pathname,
          status: response.status,
          ms: Math.round(performance.now() - started),
        },
        'called out',
      )
      return response
    } catch (error) {
      const what = { origin: url.origin, path: url.pathname, ms: Math.round(performance.now() - started), err: error }
      // Whoever called gave it up: whether that is a failure, he knows.
      if (init?.signal?.aborted) o.log.info(what, 'a call out was given up')
      else o.log.warn(what, 'a call out failed')
      throw error
    }
  }
}
