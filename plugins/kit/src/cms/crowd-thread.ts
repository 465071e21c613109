/** The thread beside the main one that verifies whole batches: how it is started, what it is sent, and what becomes of a batch when it ends. */
import type { KeyObject } from 'node:crypto'
import { Worker } from 'node:worker_threads'

/** What is signed and its signature stand in one piece of bytes, behind a head: from `at` on, from `at + headBytes` on, from `signatureAt` to `end`. */
export interface Place {
  readonly key: KeyObject
  /** Number of its name in `digests`. */
  readonly digest: number
  readonly at: number
  readonly signatureAt: number
  readonly end: number
}
/** Answers by place; undefined: the thread ended, nothing is known. */
export type Answers = Uint8Array | undefined

export interface Thread {
  ready(): boolean
  /** It gets no core in time: others have them all. Forgotten after a moment. */
  late(): boolean
  /** Batches that it has. */
  under(): number
  /** Copies the bytes. Batches are answered in order, in a later turn of the event loop. */
  hand(bytes: Uint8Array, places: readonly Place[], done: (answers: Answers) => void): void
  end(): Promise<void>
}

export const digests: readonly string[] = ['SHA1', 'SHA256', 'SHA384', 'SHA512']
/** The key's number (4), the length of what is signed (4) and of the signature (2), the digest's number (2). */
export const headBytes = 12
/** Each key is sent once; so many are forgotten together. */
const mostKeys = 20_000
/**
 * A verification takes some 20 microseconds. One that takes `us` with the waiting for a core, smoothed, is better made where everybody waits for it,
 * `pauseMs` long; then the thread is tried again, and needs less to be late again.
 */
const lateness = { us: 70, again: 50, weight: 0.2, pauseMs: 250 } as const

export function startThread(o: { ended(): void; failed(error: unknown): void }): Thread {
  const worker = new Worker(new URL('./crowd-worker.js', import.meta.url), {
    name: 'signatures',
    workerData: { headBytes, digests },
  })
  let ready = false
  let numbers = new WeakMap<KeyObject, number>()
  let keys = 0
  let took = 0
  let lateUntil = 0
  const waiting: ((answers: Answers) => void)[] = []
  // Nobody waits for a thread that waits for nobody.
  worker.unref()
  worker.on('message', (said: 'ready' | { answers: Uint8Array; us: number }) => {
    if (said === 'ready') {
      ready = true
      return
    }
    took += (said.us - took) * lateness.weight
    if (took > lateness.us) {
      took = lateness.again
      lateUntil = Date.now() + lateness.pauseMs
    }
    waiting.shift()?.(said.answers)
  })
  worker.on('error', o.failed)
  worker.on('exit', () => {
    ready = false
    o.ended()
    for (const done of waiting.splice(0)) done(undefined)
  })

  return {
    ready: () => ready,
    late: () => lateUntil > Date.now(),
    under: () => waiting.length,
    hand: (bytes, places, done) => {
      const sent = new Uint8Array(bytes)
      const heads = Buffer.from(sent.buffer)
      const fresh: KeyObject[] = []
      const restart = keys > mostKeys
      if (restart) {
        numbers = new WeakMap()
        keys = 0
      }
      for (const { key, digest, at, signatureAt, end } of places) {
        let number = numbers.get(key)
        if (number === undefined) {
          number = keys++
          numbers.set(key, number)
          fresh.push(key)
        }
        heads.writeUInt32LE(number, at)
        heads.writeUInt32LE(signatureAt - at - headBytes, at + 4)
        heads.writeUInt16LE(end - signatureAt, at + 8)
        heads.writeUInt16LE(digest, at + 10)
      }
      waiting.push(done)
      const handed = Number(process.hrtime.bigint())
      worker.postMessage({ restart, fresh, count: places.length, sent, handed }, [sent.buffer])
    },
    end: async () => void (await worker.terminate()),
  }
}
