/**
 * A thread beside the main one that verifies the signatures of whole batches. Plain JavaScript: a thread that begins with TypeScript loads a
 * compiler of its own. The bytes of a batch are laid out in `crowd-thread.ts`.
 */
import { verify } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'

const { headBytes, digests } = workerData
/** By the numbers that the main thread gave them. */
let keys = []
/** When the last batch was done, by the clock that all threads of a process share: nanoseconds. */
let over = 0
const now = () => Number(process.hrtime.bigint())

function holds(digest, signed, key, signature) {
  try {
    return verify(digest, signed, key, signature)
  } catch {
    // What cannot be verified is not known to hold: whoever asked proves it again, and says why.
    return false
  }
}

parentPort.on('message', ({ restart, fresh, count, sent, handed }) => {
  const began = Math.max(handed, over)
  if (restart) keys = []
  for (const key of fresh) keys.push(key)
  const bytes = Buffer.from(sent.buffer)
  const answers = new Uint8Array(count)
  for (let n = 0, at = 0; n < count; n += 1) {
    const signedAt = at + headBytes
    const signatureAt = signedAt + bytes.readUInt32LE(at + 4)
    const end = signatureAt + bytes.readUInt16LE(at + 8)
    const digest = digests[bytes.readUInt16LE(at + 10)]
    const key = keys[bytes.readUInt32LE(at)]
    answers[n] = holds(digest, bytes.subarray(signedAt, signatureAt), key, bytes.subarray(signatureAt, end)) ? 1 : 0
    at = end
  }
  over = now()
  // How long each took, with the waiting for a core.
  parentPort.postMessage({ answers, us: (over - began) / 1000 / count })
})
parentPort.postMessage('ready')
