/** What is tried: a reader of somebody else's bytes, with true messages and known attacks as its corpus. A new parser is one more of these. */
import { mutate } from './mutate.ts'
import { mutateJson } from './mutate-json.ts'
import { type Random, randomOf } from './random.ts'

export interface Specimen<T = unknown> {
  readonly name: string
  /** Samples that must be taken, and attacks that must be refused. Text, or bytes. */
  readonly good: readonly (string | Uint8Array)[]
  readonly bad: readonly (string | Uint8Array)[]
  /** How samples are changed; bytes unless told. */
  readonly form?: 'bytes' | 'json'
  /** Reads, or throws. What it answers is then looked at by `holds`. */
  read(bytes: Uint8Array): T | Promise<T>
  /** True for an error that is an honest refusal; any other is a crash. */
  refused(error: unknown): boolean
  /** Throws when what was taken should not have been, or is not what was meant. */
  holds?(value: T, bytes: Uint8Array): void
  /** CPU milliseconds that a case may cost; 250 unless told. */
  readonly slowMs?: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
/** Bytes of a case. */
const most = 512 * 1024
/** Always a copy: a Buffer's slices would share what is then changed. */
const bytesOf = (sample: string | Uint8Array) =>
  typeof sample === 'string' ? encoder.encode(sample) : new Uint8Array(sample)

const corpora = new WeakMap<Specimen, readonly Uint8Array[]>()
function corpusOf(s: Specimen): readonly Uint8Array[] {
  const known = corpora.get(s)
  if (known) return known
  const corpus = [...s.good, ...s.bad].map(bytesOf)
  corpora.set(s, corpus)
  return corpus
}

/** The bytes of case `index`: first the corpus as it is, then its offspring. Not to be written on. */
export function caseOf(s: Specimen, seed: number, index: number): Uint8Array {
  const corpus = corpusOf(s)
  const whole = corpus[index]
  if (whole) return whole
  return offspring(corpus, s.form ?? 'bytes', randomOf(seed, s.name, index))
}

export function offspring(corpus: readonly Uint8Array[], form: 'bytes' | 'json', r: Random): Uint8Array {
  const sample = r.pick(corpus)
  if (form === 'json' && !r.once(4)) {
    const changed = encoder.encode(mutateJson(decoder.decode(sample), r))
    // Nobody is sent more; what is too long says nothing that its beginning does not.
    if (changed.length > most) return changed.slice(0, most)
    return r.once(8) ? mutate(changed, r, corpus) : changed
  }
  return mutate(sample, r, corpus)
}

export type Verdict = 'taken' | 'refused' | { wrong: string }

/** Tries one case; `wrong` says why it is a fault of ours. */
export async function tryCase(s: Specimen, bytes: Uint8Array, index: number): Promise<Verdict> {
  const mustTake = index < s.good.length
  const mustRefuse = !mustTake && index < s.good.length + s.bad.length
  try {
    const reading = s.read(bytes.slice())
    const value = reading instanceof Promise ? await reading : reading
    if (mustRefuse) return { wrong: 'a known attack was taken' }
    s.holds?.(value, bytes)
    return 'taken'
  } catch (error) {
    if (!s.refused(error)) return { wrong: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    return mustTake ? { wrong: `a true message was refused: ${String(error)}` } : 'refused'
  }
}
