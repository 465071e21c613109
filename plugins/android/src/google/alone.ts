/** What two want of one device at the same time is done one after the other: to point it to its document, and to undo what somebody else pointed it to. */

export type Alone = <T>(name: string, work: () => Promise<T>) => Promise<T>

/** For one node: the one that leads both hands over and looks at all devices. */
export function createAlone(): Alone {
  const lines = new Map<string, Promise<void>>()
  return async (name, work) => {
    const before = lines.get(name)
    const { promise, resolve } = Promise.withResolvers<void>()
    lines.set(name, promise)
    try {
      await before
      return await work()
    } finally {
      resolve()
      if (lines.get(name) === promise) lines.delete(name)
    }
  }
}
