/**
 * Signatures of all who come, verified beside the thread that serves everybody where they come in crowds: an RSA verification is a quarter of what that
 * thread does for a plain exchange. What comes in one turn of the event loop goes over together, since to wake another thread for one costs as much.
 */
import { verify } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { tags } from '../der/index.ts'
import { digests, headBytes, type Place, startThread, type Thread } from './crowd-thread.ts'
import type { Claim } from './known-signer.ts'

export interface Crowd {
  /** Copies the claim's bytes, and says in a later turn of the event loop whether it holds, in the order in which all were added. false: not taken. */
  add(claim: Claim, done: (holds: boolean) => void): boolean
  /** Resolves when all that was added before was answered; undefined: it is. */
  before(): Promise<void> | undefined
  close(): Promise<void>
}

interface Entry extends Place {
  done(holds: boolean): void
}
interface Batch {
  readonly entries: Entry[]
  over?: PromiseWithResolvers<void>
}

/**
 * `few`: fewer are verified where they stand, unless others are before them. `busy`: after so many batches that were not few a thread is worth its memory.
 * `under`: batches at the thread, one after the other; meanwhile the next one grows, as fewer and larger ones cost less. `waiting`: more are not taken.
 * `bytes`: of those that gather; none are touched before they are needed. `pauseMs`: after a thread ended.
 */
const limits = { few: 4, busy: 30, under: 2, waiting: 4_096, bytes: 1_536 * 1024, signed: 4_096, pauseMs: 30_000 }

/** `failed`: an answer that threw, or the thread; nobody else hears of it. `beside`: there is a core for a thread. */
export function createCrowd(o: { failed(error: unknown): void; beside?: boolean; busy?: number }): Crowd {
  const { failed, beside = availableParallelism() > 1, busy = limits.busy } = o
  let bytes: Buffer | undefined
  let at = 0
  let gathering: Batch = { entries: [] }
  /** The last that the thread was given. */
  let handed: Batch | undefined
  let waiting = 0
  let crowded = 0
  let thread: Thread | undefined
  let notBefore = 0

  function add({ certificate, digest, signed, signature, attributes }: Claim, done: Entry['done']): boolean {
    bytes ??= Buffer.allocUnsafeSlow(limits.bytes)
    const from = at + headBytes
    const signatureAt = from + signed.length
    const end = signatureAt + signature.length
    // Nobody is answered before this one's bytes are copied: the next message is read to where they stand.
    if (waiting >= limits.waiting || Math.max(signed.length, signature.length) > limits.signed || end > bytes.length)
      return false
    bytes.set(signed, from)
    if (attributes) bytes[from] = tags.set
    bytes.set(signature, signatureAt)
    const entry = { key: certificate.key, digest: digests.indexOf(digest), at, signatureAt, end, done }
    if (gathering.entries.push(entry) === 1) setImmediate(turn)
    at = end
    waiting += 1
    return true
  }
  function turn(): void {
    const batch = gathering
    const there = thread?.ready() ? thread : undefined
    // Of a thread that ended, who was at it hears of that first.
    const full = there ? there.under() >= limits.under : handed !== undefined
    if (!bytes || batch.entries.length === 0 || full) return
    const sent = bytes.subarray(0, at)
    gathering = { entries: [] }
    at = 0
    const many = batch.entries.length >= limits.few
    if (there && (there.under() > 0 || (many && !there.late()))) {
      handed = batch
      there.hand(sent, batch.entries, (answers) => {
        tell(batch, (n) => answers?.[n] === 1)
        turn()
      })
      return
    }
    if (many && beside && !thread && ++crowded >= busy && Date.now() >= notBefore) thread = begin()
    // All are verified before anybody hears: who is added meanwhile writes over their bytes.
    const answers = batch.entries.map((e) => holds(sent, e))
    tell(batch, (n) => answers[n] === true)
  }
  function tell(batch: Batch, answer: (n: number) => boolean): void {
    waiting -= batch.entries.length
    if (handed === batch) handed = undefined
    for (const [n, e] of batch.entries.entries())
      try {
        e.done(answer(n))
      } catch (error) {
        failed(error)
      }
    batch.over?.resolve()
  }
  function begin(): Thread {
    const ended = () => {
      thread = undefined
      notBefore = Date.now() + limits.pauseMs
    }
    return startThread({ ended, failed })
  }
  return {
    add,
    before: () => {
      const last = gathering.entries.length > 0 ? gathering : handed
      if (!last) return undefined
      last.over ??= Promise.withResolvers()
      return last.over.promise
    },
    close: async () => {
      notBefore = Number.POSITIVE_INFINITY
      await thread?.end()
      thread = undefined
    },
  }
}

function holds(bytes: Buffer, e: Entry): boolean {
  try {
    const signed = bytes.subarray(e.at + headBytes, e.signatureAt)
    return verify(digests[e.digest], signed, e.key, bytes.subarray(e.signatureAt, e.end))
  } catch {
    // What cannot be verified is not known to hold: whoever asked proves it again, and says why.
    return false
  }
}
