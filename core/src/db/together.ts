/** Single tasks that come together are done together, in one transaction: what comes while a batch is written forms the next one. */

/** Tasks of one batch at most. */
const atOnce = 100

/**
 * `many` does the usual ones of different tasks as a set and answers them in order, all or (when it throws) none; undefined is a task that it
 * left untouched. Those, and all of a batch that failed, are done by `alone`, which knows every case. Tasks that share a key are never in one batch.
 */
export function together<I, O>(o: {
  many(tasks: readonly I[]): Promise<readonly (O | undefined)[]>
  alone(task: I): Promise<O>
  keys(task: I): readonly string[]
}): (task: I) => Promise<O> {
  interface Entry {
    task: I
    answer: PromiseWithResolvers<O>
  }
  let waiting: Entry[] = []
  let busy = false
  /** Of what is done alone just now: tasks that share them wait for it. */
  const under = new Set<string>()

  function next(): Entry[] {
    const taken = new Set(under)
    const batch: Entry[] = []
    const rest: Entry[] = []
    for (const entry of waiting) {
      const keys = o.keys(entry.task)
      if (batch.length < atOnce && !keys.some((k) => taken.has(k))) batch.push(entry)
      else rest.push(entry)
      for (const k of keys) taken.add(k)
    }
    waiting = rest
    return batch
  }
  async function single({ task, answer }: Entry): Promise<void> {
    const keys = o.keys(task)
    for (const k of keys) under.add(k)
    await o.alone(task).then(answer.resolve, answer.reject)
    for (const k of keys) under.delete(k)
    start()
  }

  async function write(batch: Entry[]): Promise<void> {
    const [first] = batch
    if (first && batch.length === 1) return single(first)
    const answers = await o.many(batch.map((e) => e.task)).catch((): (O | undefined)[] => [])
    for (const [i, entry] of batch.entries()) {
      const answer = answers[i]
      // What is unusual holds up nobody.
      if (answer === undefined) void single(entry)
      else entry.answer.resolve(answer)
    }
  }
  async function lane(): Promise<void> {
    for (let batch = next(); batch.length > 0; batch = next()) await write(batch)
    busy = false
  }
  function start(): void {
    if (busy || waiting.length === 0) return
    busy = true
    void lane()
  }
  return (task) => {
    const answer = Promise.withResolvers<O>()
    waiting.push({ task, answer })
    // What arrives in the same turn of the event loop goes together.
    setImmediate(start)
    return answer.promise
  }
}
