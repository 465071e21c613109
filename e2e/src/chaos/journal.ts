/** What the administrators asked for and what they were told: the other half of the truth beside the fleet's record. */

/** Milliseconds since 1970 by the harness's clock, which is the database's: both run on this machine. */
type Ms = number

export interface SentActivity {
  readonly key: string
  readonly operation: string
  readonly urgent: boolean
  /** When it was first asked for. */
  readonly askedAt: Ms
  /** What a 201 said, the first time and each time that the same request was made again. */
  readonly answers: { readonly id: string; readonly targets: number; readonly at: Ms }[]
}
export interface Acknowledged {
  readonly what: 'cancel' | 'disenrol' | 'policy' | 'publish'
  /** Number of the activity, id of the device, number of the policy. */
  readonly id: string
  /** Of a publish. */
  readonly version?: number
  /** Of a cancel: rows that it ended at once. */
  readonly cancelled?: number
  readonly at: Ms
}
export interface Journal {
  readonly sent: SentActivity[]
  readonly acknowledged: Acknowledged[]
  /** Devices that somebody asked to disenrol, whether it was acknowledged or not. */
  readonly disenrolled: Set<string>
  /** Answers of the API by status, and refusals by code. */
  readonly answers: { [status: string]: number }
  readonly refusals: { [code: string]: number }
}

export function createJournal(): Journal {
  return { sent: [], acknowledged: [], disenrolled: new Set(), answers: {}, refusals: {} }
}
