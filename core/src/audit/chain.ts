/** The hash chain over audit entries, and its proof that needs no server: anyone with an export and the public key can run it. */
import { createHash, type KeyObject, sign, verify } from 'node:crypto'
import type { Json } from '@muster/contract'
import { canonical } from './canonical.ts'

/** An entry as it is chained and exported. `no` is its number in the table, `seq` its place in the chain, `at` has microseconds. */
export interface AuditLine {
  seq: number
  no: number
  at: string
  actor: string
  act: string
  subject: string | null
  detail: Json
  remote: string | null
  /** SHA-256 in hex over the entry before and this one. */
  chain: string
}
/** A signed statement of how far the chain had come. An export carries at least the last one. */
export interface HeadLine {
  head: { seq: number; chain: string; at: string; signature: string }
}
export type Verified = { ok: true; entries: number } | { ok: false; at: number; reason: string }

export const firstChain = '0'.repeat(64)

export function nextChain(previous: string, e: Omit<AuditLine, 'chain'>): string {
  const { seq, no, at, actor, act, subject, detail, remote } = e
  const text = canonical({ seq, no, at, actor, act, subject, detail, remote })
  return createHash('sha256').update(previous, 'hex').update(text, 'utf8').digest('hex')
}

function headText(seq: number, chain: string): Buffer {
  return Buffer.from(`muster audit head ${seq} ${chain}`)
}

/** Ed25519, base64url. */
export function signHead(key: KeyObject, seq: number, chain: string): string {
  return sign(null, headText(seq, chain), key).toString('base64url')
}

function isSigned(key: KeyObject, head: HeadLine['head']): boolean {
  return verify(null, headText(head.seq, head.chain), key, Buffer.from(head.signature, 'base64url'))
}

/** Collects the heads that wait for their entry; answers why one does not hold. */
function createHeads(publicKey?: KeyObject) {
  const waiting = new Map<number, HeadLine['head']>()
  let signed = 0

  function compare(head: HeadLine['head'], chain: string): string | undefined {
    if (publicKey && !isSigned(publicKey, head)) return 'the signed head has a wrong signature'
    if (head.chain !== chain) return 'the chain differs from its signed head'
    signed = Math.max(signed, head.seq)
    return undefined
  }

  return {
    add: (head: HeadLine['head'], seq: number, chain: string): string | undefined => {
      if (head.seq < seq) return 'this signed head comes after later entries: put heads before the entries'
      if (head.seq === seq) return compare(head, chain)
      const other = waiting.get(head.seq)
      if (other && other.chain !== head.chain) return 'two signed heads of this entry differ'
      waiting.set(head.seq, head)
      return undefined
    },
    reached: (seq: number, chain: string): string | undefined => {
      const head = waiting.get(seq)
      waiting.delete(seq)
      return head && compare(head, chain)
    },
    beyond: (): number => Math.max(0, ...waiting.keys()),
    /** Up to which entry signed heads hold. */
    signed: (): number => signed,
  }
}

/** An export may come from anybody: what is no line of ours, or nested deeper than anything we write, is not even hashed. */
function isLine(line: unknown): line is AuditLine | HeadLine {
  const members = (value: unknown): Record<string, unknown> =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  const text = (value: unknown) => typeof value === 'string'
  const { head, seq, no, at, actor, act, subject, detail, remote, chain } = members(line)
  if (head !== undefined) {
    const h = members(head)
    return Number.isSafeInteger(h.seq) && text(h.chain) && text(h.signature)
  }
  const named = [at, actor, act, chain].every(text) && [subject, remote].every((v) => v === null || text(v))
  return Number.isSafeInteger(seq) && Number.isSafeInteger(no) && named && detail !== undefined && !isDeep(detail)
}
const deepest = 100
function isDeep(value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return true
    level = level.flatMap((v) => (typeof v === 'object' && v !== null ? Object.values(v) : []))
  }
  return false
}

/**
 * Walks an export: entries in order, each signed head before or right behind its entry. Without a public key signatures are
 * not checked; with one the last entry must be signed, since anybody can chain entries of their own. Entries cut off behind an
 * older head show by a head beyond them, so keep heads outside the database.
 */
export async function verifyChain(
  lines: AsyncIterable<AuditLine | HeadLine>,
  publicKey?: KeyObject,
): Promise<Verified> {
  let chain = firstChain
  let seq = 0
  const heads = createHeads(publicKey)
  for await (const line of lines) {
    if (!isLine(line)) return { ok: false, at: seq + 1, reason: 'this is no line of an audit export' }
    if ('head' in line) {
      const wrong = heads.add(line.head, seq, chain)
      if (wrong) return { ok: false, at: line.head.seq, reason: wrong }
      continue
    }
    if (line.seq !== seq + 1)
      return { ok: false, at: seq + 1, reason: `entry ${seq + 1} is missing: ${line.seq} follows ${seq}` }
    chain = nextChain(chain, line)
    seq = line.seq
    if (chain !== line.chain) return { ok: false, at: seq, reason: 'this entry was changed, or the chain before it' }
    const wrong = heads.reached(seq, chain)
    if (wrong) return { ok: false, at: seq, reason: wrong }
  }
  const cut = heads.beyond()
  if (cut > seq) return { ok: false, at: seq + 1, reason: `entries ${seq + 1} to ${cut} are missing at the end` }
  if (publicKey && heads.signed() < seq)
    return {
      ok: false,
      at: heads.signed() + 1,
      reason: `no signed head vouches for entries ${heads.signed() + 1} to ${seq}: they were cut from a longer chain, or made up`,
    }
  return { ok: true, entries: seq }
}
