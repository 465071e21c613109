/** Single rows that come together are written together: one statement for all that gathered while the last one ran. */

const most = 200

/** `write` is given different rows each time; when it fails, all that were in it hear of it. */
export function inCrowds<T>(write: (all: readonly T[]) => Promise<void>): (row: T) => Promise<void> {
  let waiting: { row: T; done: PromiseWithResolvers<void> }[] = []
  let running = false

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const [now, later] = [waiting.slice(0, most), waiting.slice(most)]
      waiting = later
      try {
        await write(now.map((w) => w.row))
        for (const w of now) w.done.resolve()
      } catch (e) {
        for (const w of now) w.done.reject(e)
      }
    }
    running = false
  }
  return (row) => {
    const done = Promise.withResolvers<void>()
    waiting.push({ row, done })
    if (!running) {
      running = true
      setImmediate(() => void run())
    }
    return done.promise
  }
}
