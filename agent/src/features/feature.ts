/** What a policy feature is to the agent: it can tell what is true, bring about what is demanded, and take back what it did. */
import type { JsonObject } from '@muster/contract'
import type { Run } from '../commands.ts'
import type { Tree } from '../tree.ts'
import type { Originals } from './originals.ts'

/** What a feature works on. */
export interface Machine {
  readonly tree: Tree
  readonly originals: Originals
  readonly run: Run
  /** Whether the server answers over a new connection; asks again until so many milliseconds have passed. Absent: nobody to ask. */
  readonly reach?: (patienceMs: number) => Promise<boolean>
}
export interface Done {
  /** Files changed, and whether the service took the change over (absent: nothing to take over). */
  readonly files: string[]
  readonly reloaded?: boolean
  /** What was left undone because the machine is not live, or lacks the program; it takes effect with its next start. */
  readonly skipped?: readonly string[]
}
export interface Feature {
  readonly id: string
  /** Evidence for the fact `managed.<id>`: what is in force, whoever brought it about. `applicable: false` with `why` when there is nothing to manage. Cheap, changes nothing. */
  check(tree: Tree, originals: Originals): JsonObject
  /** Files and folders that its evidence is read from: a change there has it looked at again. */
  readonly watches: readonly string[]
  /** What only programs can tell of a live machine; joins the evidence. Asked after each change and now and then. */
  observe?(m: Machine): Promise<JsonObject>
  /** Settings as the server sent them; throws Refused (invalid-settings, not-applicable ...) or Deferred. Idempotent. */
  put(m: Machine, settings: unknown): Promise<Done>
  /** A put that was on trial was interrupted: back to what was in force before it, on disk and in what runs. */
  recover?(m: Machine): Promise<void>
  /** Exactly as before the first put. Never put: changes nothing. */
  drop(m: Machine): Promise<Done>
}
