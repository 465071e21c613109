/** Who hears of everything, and keeps a record of it: a follower of the event stream and a receiver of webhooks. */
import { createServer } from 'node:http'

export interface HeardEvent {
  /** Its place in the outbox. */
  readonly id: string
  readonly type: string
}
export interface Watcher {
  readonly heard: readonly HeardEvent[]
  /** Times that it had to begin again from where it stood. */
  readonly broken: number
  close(): Promise<void>
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Follows from the first event on, over one connection after another. `token` is asked for each connection. */
export function watchStream(o: { url: string; token(): Promise<string> }): Watcher {
  const ending = new AbortController()
  const heard: HeardEvent[] = []
  let broken = 0

  async function connection(): Promise<void> {
    const response = await fetch(`${o.url}/api/v1/events`, {
      headers: {
        authorization: `Bearer ${await o.token()}`,
        accept: 'text/event-stream',
        'last-event-id': heard.at(-1)?.id ?? '0.0',
      },
      signal: ending.signal,
    })
    if (response.status === 410) throw new RangeError('the server no longer has the events after the last one heard')
    if (!response.ok || !response.body) {
      await response.body?.cancel()
      return
    }
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const id = /^id: (.*)$/m.exec(block)?.[1]
        const type = /^event: (.*)$/m.exec(block)?.[1]
        if (id !== undefined && type !== undefined) heard.push({ id, type })
      }
    }
  }
  async function follow(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        await connection()
      } catch (error) {
        if (error instanceof RangeError) throw error
      }
      broken += 1
      await pause(100)
    }
  }
  const following = follow()
  following.catch(() => undefined)
  return {
    heard,
    get broken() {
      return broken
    },
    close: async () => {
      ending.abort()
      await following
    },
  }
}

export interface Receiver extends Watcher {
  readonly url: string
}

/** Takes webhooks. A message that comes again (its id is the same) is noted once, as the specification asks of receivers. */
export async function receiveWebhooks(): Promise<Receiver> {
  const heard: HeardEvent[] = []
  const seen = new Set<string>()
  let broken = 0
  const server = createServer((request, response) => {
    // evt_<transaction>_<number>
    const id = String(request.headers['webhook-id'] ?? '').replace(/^evt_(\d+)_(\d+)$/, '$1.$2')
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    request.on('end', () => {
      const { type } = JSON.parse(text) as { type: string }
      if (seen.has(id)) broken += 1
      else heard.push({ id, type })
      seen.add(id)
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}/events`,
    heard,
    get broken() {
      return broken
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
