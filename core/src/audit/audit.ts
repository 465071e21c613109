/** The audit: append in the caller's transaction, seal into the chain by one node at a time, list, export and verify. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { Problem } from '@muster/contract'
import type { Db, Log, Tx } from '../db/index.ts'
import { type AuditLine, firstChain, type HeadLine, nextChain, signHead, type Verified, verifyChain } from './chain.ts'
import {
  type AuditEntry,
  type AuditFilter,
  exportLines,
  insertEntries,
  lastHead,
  lastSealed,
  listEntries,
  type NewEntry,
  unsealed,
  writeHead,
  writeSeals,
} from './store.ts'

export type { AuditEntry }

export interface Audit {
  /** Appends, in the same transaction as the change. `detail` holds no secrets. */
  write(tx: Tx, e: NewEntry): Promise<void>
  /** The same for many in one statement, in their order. */
  writeMany(tx: Tx, entries: readonly NewEntry[]): Promise<void>
  /** Chains what is not yet; answers how many entries. 0 when another node is at it. Called each second. */
  seal(): Promise<number>
  /** PEM (SPKI): what an export is verified with. Keep a copy away from the server. */
  publicKey(): string
  /** The last signed head; chain in hex, signature in base64url. */
  head(): Promise<{ seq: number; chain: string; signature: string; at: Date } | undefined>
  /** Recomputes the whole chain and checks it against the signed heads. */
  verify(): Promise<Verified>
  /** The sealed chain for an export, as `verifyChain` takes it. */
  lines(): AsyncIterable<AuditLine | HeadLine>
  /** Newest first. `before` is the `next` of the page before; throws Problem `invalid-cursor`. */
  list(o: AuditFilter): Promise<{ items: AuditEntry[]; next?: string }>
}

const sealStep = 1_000

export function createAudit(o: { db: Db; log: Log; signingKey: KeyObject }): Audit {
  const { db, log, signingKey } = o
  const publicKey = createPublicKey(signingKey)

  /** One batch in one transaction. A second sealer, should there be one, fails on the unique seq. */
  function sealBatch(): Promise<number> {
    return db.tx(async (tx) => {
      const entries = await unsealed(tx, sealStep)
      if (entries.length === 0) return 0
      let { seq, chain } = (await lastSealed(tx)) ?? { seq: 0, chain: firstChain }
      const seals = entries.map((entry) => {
        seq += 1
        chain = nextChain(chain, { ...entry, seq })
        return { no: entry.no, seq, chain }
      })
      await writeSeals(tx, seals)
      await writeHead(tx, { seq, chain, signature: signHead(signingKey, seq, chain) })
      return entries.length
    }, 'audit.seal')
  }

  async function sealAll(signal: AbortSignal): Promise<number> {
    let total = 0
    for (;;) {
      signal.throwIfAborted()
      const sealed = await sealBatch()
      total += sealed
      if (sealed < sealStep) return total
    }
  }

  return {
    write: async (tx, e) => {
      await insertEntries(tx, [e])
    },
    writeMany: async (tx, entries) => {
      if (entries.length > 0) await insertEntries(tx, entries)
    },
    seal: async () => (await db.lock('audit seal', sealAll)) ?? 0,
    publicKey: () => publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    head: async () => {
      const head = await lastHead(db)
      return head && { ...head, signature: head.signature.toString('base64url') }
    },
    verify: async () => {
      const found = await verifyChain(exportLines(db), publicKey)
      if (!found.ok) log.error(found, 'the audit chain is broken')
      return found
    },
    lines: () => exportLines(db),
    list: async (filter) => {
      if (filter.before !== undefined && !/^\d{1,18}$/.test(filter.before)) throw new Problem('invalid-cursor')
      const rows = await listEntries(db, filter)
      const items = rows.slice(0, filter.limit)
      return rows.length > items.length ? { items, next: String(items.at(-1)?.no) } : { items }
    },
  }
}
