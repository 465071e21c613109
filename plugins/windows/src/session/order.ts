/** Messages of one channel follow one another, whichever way they take: who says it again while we are still at it hears the answer to the first. */

export interface Order {
  alone<T>(channel: number, work: () => Promise<T>): Promise<T>
  /** A message that is answered without a promise. */
  rests(channel: number): boolean
  /** One whose answer comes without a promise, later; false: another one of this channel is under way. */
  begin(channel: number): boolean
  end(channel: number): void
}

export function createOrder(): Order {
  const under = new Map<number, Promise<unknown>>()
  /** Begun without a promise; who waits for their end, if anybody does. */
  const brief = new Map<number, PromiseWithResolvers<void> | undefined>()

  function endOf(channel: number): Promise<void> | undefined {
    if (!brief.has(channel)) return undefined
    const end = brief.get(channel) ?? Promise.withResolvers<void>()
    brief.set(channel, end)
    return end.promise
  }
  const rests = (channel: number) => !under.has(channel) && !brief.has(channel)
  return {
    rests,
    alone: async (channel, work) => {
      const before = under.get(channel) ?? endOf(channel)
      const mine = before === undefined ? work() : before.then(work)
      const ended = mine.catch(() => undefined)
      under.set(channel, ended)
      try {
        return await mine
      } finally {
        if (under.get(channel) === ended) under.delete(channel)
      }
    },
    begin: (channel) => {
      if (!rests(channel)) return false
      brief.set(channel, undefined)
      return true
    },
    end: (channel) => {
      const waited = brief.get(channel)
      brief.delete(channel)
      waited?.resolve()
    },
  }
}
