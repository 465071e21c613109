/** A small memory of answers with a stated staleness: what is older than 5 s is asked anew, and any change clears it all. */

export interface Cache<T> {
  get(key: string, ask: () => Promise<T | undefined>): Promise<T | undefined>
  clear(): void
}
const limits = { ms: 5_000, entries: 10_000 }

export function createCache<T>(now: () => number = () => performance.now()): Cache<T> {
  let entries = new Map<string, { value: T; at: number }>()
  return {
    get: async (key, ask) => {
      const known = entries.get(key)
      if (known && now() - known.at < limits.ms) return known.value
      // The age counts from before the question: a change while it was on its way clears a map this answer no longer joins.
      const into = entries
      const at = now()
      const value = await ask()
      if (value === undefined) {
        into.delete(key)
      } else if (into === entries) {
        if (into.size >= limits.entries) into.delete(into.keys().next().value!)
        into.set(key, { value, at })
      }
      return value
    },
    clear: () => {
      entries = new Map()
    },
  }
}
