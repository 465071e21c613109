/** What many want written at the same time goes by one statement; each hears when it is. */
export function together<T>(run: (all: readonly T[]) => Promise<unknown>): (one: T) => Promise<void> {
  let waiting: T[] = []
  let next: Promise<void> | undefined
  async function all(): Promise<void> {
    // What comes in the same turn of the event loop goes along.
    await new Promise((resolve) => setImmediate(resolve))
    const taken = waiting
    waiting = []
    next = undefined
    await run(taken)
  }
  return (one) => {
    waiting.push(one)
    next ??= all()
    return next
  }
}
