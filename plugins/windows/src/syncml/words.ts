/** What two sides of OMA DM 1.2 say to each other: one message, in our own words. */

export type Verb = 'Add' | 'Replace' | 'Delete' | 'Get' | 'Exec'
export const verbs: readonly Verb[] = ['Add', 'Replace', 'Delete', 'Get', 'Exec']

export interface Item {
  source?: string
  target?: string
  /** Meta of the item or of its command: chr, int, bool, node, xml, b64... */
  format?: string
  type?: string
  mark?: string
  data?: string
  /** One part of a large object: more follow in the next messages (OMA DM 1.2, 10). `size`: of the whole, in the first part. */
  more?: boolean
  size?: number
}
export interface Credentials {
  type: string
  format?: string
  data: string
}
export interface Challenge {
  type: string
  format: string
  nonce: string
}
export interface StatusWord {
  kind: 'status'
  id: string
  msgRef: string
  cmdRef: string
  /** Of which command: `SyncHdr`, `Get`... */
  cmd: string
  code: number
  targets: readonly string[]
  sources: readonly string[]
  challenge?: Challenge
  items: readonly Item[]
  /** `msft:originalerror`: the client's own error, as a number in hex. */
  originalError?: string
}
export interface ResultsWord {
  kind: 'results'
  id: string
  msgRef: string
  cmdRef: string
  items: readonly Item[]
}
export interface AlertWord {
  kind: 'alert'
  id: string
  code: number
  items: readonly Item[]
}
export interface CommandWord {
  kind: 'command'
  id: string
  verb: Verb
  items: readonly Item[]
}
export interface AtomicWord {
  kind: 'atomic'
  id: string
  commands: readonly CommandWord[]
}
export type Word = StatusWord | ResultsWord | AlertWord | CommandWord | AtomicWord

export interface SyncMessage {
  session: string
  /** Of the sender, counted from 1 in a session. */
  message: string
  target: string
  source: string
  /** LocName: who signs in, beside digest credentials. */
  sourceName?: string
  credentials?: Credentials
  maxMessage?: number
  /** Bytes of one object at most, where the sender says so. */
  maxObject?: number
  /** RespURI: where the next message of this session is to go. */
  respondTo?: string
  body: readonly Word[]
  final: boolean
}
