/** What an operation is to the agent. */
import type { Json, JsonObject, OperationDescriptor } from '@muster/contract'
import type { Run } from '../commands.ts'
import { Refused } from '../failure.ts'
import type { Originals } from '../features/index.ts'
import type { StateFolder } from '../state.ts'
import type { Tree } from '../tree.ts'

export interface Surroundings {
  readonly tree: Tree
  readonly run: Run
  readonly folder: StateFolder
  readonly originals: Originals
  /** Reads the whole inventory anew and lets the next sync carry it. */
  refresh(): JsonObject
  readonly reach?: (patienceMs: number) => Promise<boolean>
  /** A feature was changed: what programs tell of it is asked anew. */
  observed?(feature: string): Promise<void>
  /** The agent ends once the result has reached the server. `farewell`: the server does not know yet that this ends the enrolment. `last`: the last act of all. */
  leave(o?: { farewell?: string; last?: () => Promise<void> }): void
}
/** Ended, but not well: the result goes along. */
export class EndedBadly extends Refused {
  readonly result: Json
  constructor(code: string, text: string, result: Json) {
    super(code, text)
    this.result = result
  }
}
export interface Operation {
  readonly words: OperationDescriptor
  /** Changes the machine, so an agent that only reports refuses it. */
  readonly changes: boolean
  /** Throws Refused. */
  run(payload: unknown, s: Surroundings): Promise<Json>
}

/** An operation by its words; parameters that do not fit them never reach `work`. */
export function define<P>(
  words: OperationDescriptor<P>,
  changes: boolean,
  work: (params: P, s: Surroundings) => Promise<Json>,
): Operation {
  return {
    words,
    changes,
    async run(payload, s) {
      const read = words.params.safeParse(payload)
      if (read.success) return work(read.data, s)
      const [issue] = read.error.issues
      const at = issue?.path.map(String).join('.') ?? ''
      throw new Refused('invalid-params', `${words.id}: ${at} ${issue?.message ?? ''}`.slice(0, 500))
    },
  }
}
