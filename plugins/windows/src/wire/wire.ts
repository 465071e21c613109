/** What a row asks of a device and what the device answers: commands on the nodes of its management tree (OMA DM 1.2, CSPs), without SyncML around them. */
import { z } from 'zod'

export const verbs = ['Add', 'Replace', 'Delete', 'Get', 'Exec'] as const
export type Verb = (typeof verbs)[number]
/** `Meta/Format` of OMA DM: how Data is to be read. */
export const formats = ['chr', 'int', 'bool', 'b64', 'bin', 'xml', 'node', 'null', 'float', 'date', 'time'] as const
export type Format = (typeof formats)[number]

/** One command on one node. `data`: as text, unescaped; the session escapes it. */
export type WorkCommand = {
  readonly verb: Verb
  /** From `./`: `./Device/Vendor/MSFT/Policy/Config/Camera/AllowCamera`, `./User/...` is held until a user is logged on. */
  readonly uri: string
  readonly format?: Format
  readonly type?: string
  readonly data?: string
}

/** What `to` of a row gives: the commands in their order; `atomic`: all or none (no Get among them, not both ./Device and ./User). */
export type Work = { readonly commands: readonly WorkCommand[]; readonly atomic?: true }

/** What `from` of a row is given: one status for each command of the work, in its order (0: never answered), and the values that came. */
export interface Answer {
  readonly statuses: readonly NodeStatus[]
  readonly results: readonly Node[]
}
export interface NodeStatus {
  readonly verb: Verb
  readonly uri: string
  readonly code: number
  /** `msft:originalerror`, as it came: 0x86000002. */
  readonly original?: string
}
export interface Node {
  readonly uri: string
  readonly format?: string
  readonly type?: string
  readonly data: string
}

/**
 * The fact that tells what was read of the tree: `{ "<uri>": value }`, null where the device says 404. The session writes it from each Get of a feature's work, and reads
 * its nodes again with each inventory; a value of over 256 characters is kept as `sha256:<hex of its UTF-8>`. `check` of a feature compares with it.
 */
export const nodesFact = 'windows.nodes'

const answer: z.ZodType<Answer> = z.object({
  statuses: z.array(
    z.object({ verb: z.enum(verbs), uri: z.string(), code: z.number().int(), original: z.string().optional() }),
  ),
  results: z.array(
    z.object({ uri: z.string(), format: z.string().optional(), type: z.string().optional(), data: z.string() }),
  ),
})

/** undefined: no answer of ours. */
export function readAnswer(reply: unknown): Answer | undefined {
  return answer.safeParse(reply).data
}
