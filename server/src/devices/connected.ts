/** The signal by which a waiting route learns that nobody listens any more. */

interface Way {
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/** Aborted when the answer's way (its response, or its connection) closes or the server stops. `release`: it was answered, and nobody listens to the way for it. */
export function whileOpen(way: Way, stopping: AbortSignal): { signal: AbortSignal; release(): void } {
  const gone = new AbortController()
  const release = () => {
    stopping.removeEventListener('abort', stop)
    way.off('close', stop)
  }
  const stop = () => {
    release()
    gone.abort()
  }
  stopping.addEventListener('abort', stop, { once: true })
  way.once('close', stop)
  // Who went away before anybody asked is gone all the same.
  if (stopping.aborted || way.destroyed) stop()
  return { signal: gone.signal, release }
}
