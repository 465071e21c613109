/** What an administrator sets up before a platform works (a certificate, an enterprise, keys): written once as data, from which the API and the pages derive. */
import type { z } from 'zod'
import type { Bytes, JsonObject } from './json.ts'
import type { Words } from './language.ts'

export interface SetupDescriptor {
  /** Lower-case word: `push-certificate`. */
  readonly id: string
  readonly title: Words
  /** What it is for and what to do, in a few sentences. */
  readonly summary: Words
  readonly actions: readonly SetupAction[]
}
export interface SetupAction {
  readonly id: string
  readonly title: Words
  readonly summary: Words
  readonly danger: 'none' | 'confirm' | 'destructive'
  /** A strict object. A member that is a file is `z.base64()`: its content. */
  readonly input: z.ZodType
  /** Names of members that are never shown again, nor noted. */
  readonly secret?: readonly string[]
  readonly examples: readonly JsonObject[]
}

/** missing: nothing is there; waiting: begun, the next move is the administrator's; attention: it works, yet not for long or not for all. */
export type SetupWord = 'missing' | 'waiting' | 'ready' | 'attention' | 'failed'
export interface SetupState {
  readonly state: SetupWord
  readonly text: Words
  /** What is known of it, as a person reads it; `time` values are ISO 8601. */
  readonly details: readonly { readonly title: Words; readonly value: string; readonly time?: true }[]
  /** The actions that can be done now. */
  readonly actions: readonly string[]
}
export interface SetupAnswer {
  readonly text: Words
  readonly files?: readonly { readonly name: string; readonly type: string; readonly bytes: Bytes }[]
}
/** One act of an administrator, checked against its input; all that `sql` writes stands with its audit entry or not at all. */
export interface SetupAct {
  readonly step: string
  readonly action: string
  readonly input: JsonObject
  readonly sql: <T>(text: TemplateStringsArray, ...v: unknown[]) => Promise<T[]>
}
/** The steps of `Descriptors.setup`, done. `act` throws Problem `setup-refused` with a reason that says what to do: `{ code, text }`, its text in one language or as Words. */
export interface OpenSetup {
  state(step: string): Promise<SetupState>
  act(a: SetupAct): Promise<SetupAnswer>
}
