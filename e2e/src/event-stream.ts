/** The administrator's live view: server-sent events, kept in order as they arrive. */
export interface StreamedEvent {
  id: string
  type: string
  data: Record<string, unknown>
}
export interface EventStream {
  readonly seen: StreamedEvent[]
  close(): Promise<void>
}

export async function openEventStream(url: string, token: string, lastEventId?: string): Promise<EventStream> {
  const ending = new AbortController()
  const seen: StreamedEvent[] = []
  const response = await fetch(`${url}/api/v1/events`, {
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: ending.signal,
  })
  if (!response.ok || !response.body) throw new Error(`the event stream answered ${response.status}`)
  const reading = read(response.body, seen).catch((error: unknown) => {
    if (!ending.signal.aborted) throw error
  })
  return {
    seen,
    close: async () => {
      ending.abort()
      await reading
    },
  }
}

async function read(body: ReadableStream<Uint8Array>, seen: StreamedEvent[]): Promise<void> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block
          .split('\n')
          .flatMap((line) =>
            line.startsWith(':')
              ? []
              : [[line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]],
          ),
      )
      if (fields.data !== undefined)
        seen.push({
          id: fields.id ?? '',
          type: fields.event ?? 'message',
          data: JSON.parse(fields.data) as Record<string, unknown>,
        })
    }
  }
}
