/** What the processes of one server say to each other: each asks for the other's numbers. */

export type Message =
  | { readonly ask: 'metrics'; readonly id: number }
  | { readonly ask: 'all-metrics'; readonly id: number }
  | { readonly answer: number; readonly texts: readonly Numbers[] }
/** /metrics of one process. */
export interface Numbers {
  /** 1 is the first. */
  readonly process: number
  readonly text: string
}
/** The message channel of one process to another. */
export interface Wire {
  send(message: Message): void
  on(hear: (message: unknown) => void): void
}

/** Milliseconds. Whoever does not answer by then is left out: numbers are looked at, nothing depends on them. */
const patienceMs = 3_000

/** Asks and answers over one wire. `own`: what this side knows itself, `all`: what it gathers. */
export function createTalk(
  wire: Wire,
  o: { own(): Promise<readonly Numbers[]>; all(): Promise<readonly Numbers[]> },
): { ask(what: 'metrics' | 'all-metrics'): Promise<readonly Numbers[]> } {
  const open = new Map<number, (texts: readonly Numbers[]) => void>()
  let last = 0
  wire.on((said) => {
    const message = said as Partial<Record<'ask' | 'id' | 'answer' | 'texts', unknown>> | null
    if (typeof message?.answer === 'number') open.get(message.answer)?.((message.texts ?? []) as readonly Numbers[])
    else if (typeof message?.id === 'number' && (message.ask === 'metrics' || message.ask === 'all-metrics'))
      void answer(message.id, message.ask === 'metrics' ? o.own : o.all)
  })
  async function answer(id: number, texts: () => Promise<readonly Numbers[]>): Promise<void> {
    wire.send({ answer: id, texts: await texts().catch(() => []) })
  }
  return {
    ask: (what) =>
      new Promise((resolve) => {
        const id = ++last
        const end = (texts: readonly Numbers[]) => {
          open.delete(id)
          clearTimeout(timer)
          resolve(texts)
        }
        const timer = setTimeout(end, patienceMs, [])
        open.set(id, end)
        wire.send({ ask: what, id })
      }),
  }
}
