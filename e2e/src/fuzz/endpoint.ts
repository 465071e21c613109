/** One door of the server, as the search shoots at it. */
import type { Random } from './random.ts'
import type { Target } from './target.ts'
import type { Shot } from './wire.ts'

export interface Endpoint {
  readonly name: string
  /** How often it is chosen beside the others; 1 unless told. */
  readonly weight?: number
  /** An answer of 500 and above that is the protocol's own way to refuse. */
  honest?(text: string): boolean
  make(r: Random, t: Target): Shot
}
