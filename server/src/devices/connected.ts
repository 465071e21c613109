/** The signal by which a waiting route learns that nobody listens any more. */
import type { ServerResponse } from 'node:http'

/** Aborted when the device goes away or the server stops. */
export function whileConnected(response: ServerResponse, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController()
  // The response's end is what tells: a request is "closed" as soon as its body is read.
  const stop = () => gone.abort()
  stopping.addEventListener('abort', stop, { once: true })
  response.once('close', () => {
    stopping.removeEventListener('abort', stop)
    gone.abort()
  })
  if (stopping.aborted) gone.abort()
  return gone.signal
}
