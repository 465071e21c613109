/** Single questions that come together are asked together: one statement for all that gathered while the last one ran. */

/** Keys of one statement at most, and statements under way at once. */
const limits = { keys: 500, lanes: 2 } as const

/**
 * `read` is given different keys and answers what it found; a key that is missing in its answer is undefined.
 * A question never joins a statement that is already under way, so nothing is answered from before it was asked.
 */
export function gather<K, V>(read: (keys: K[]) => Promise<ReadonlyMap<K, V>>): (key: K) => Promise<V | undefined> {
  let waiting = new Map<K, PromiseWithResolvers<V | undefined>>()
  let lanes = 0

  function next(): [K, PromiseWithResolvers<V | undefined>][] {
    if (waiting.size <= limits.keys) {
      const all = [...waiting]
      waiting = new Map()
      return all
    }
    const first = [...waiting].slice(0, limits.keys)
    for (const [key] of first) waiting.delete(key)
    return first
  }
  async function lane(): Promise<void> {
    for (let asked = next(); asked.length > 0; asked = next()) {
      try {
        const found = await read(asked.map(([key]) => key))
        for (const [key, answer] of asked) answer.resolve(found.get(key))
      } catch (error) {
        for (const [, answer] of asked) answer.reject(error)
      }
    }
    lanes -= 1
  }
  function start(): void {
    if (lanes >= limits.lanes || waiting.size === 0) return
    lanes += 1
    void lane()
  }
  return (key) => {
    const asked = waiting.get(key)
    if (asked) return asked.promise
    const answer = Promise.withResolvers<V | undefined>()
    waiting.set(key, answer)
    // What arrives in the same turn of the event loop goes together.
    setImmediate(start)
    return answer.promise
  }
}
