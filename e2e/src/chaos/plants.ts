/** Bugs that the judge must catch: each a small change of one module's text. */

export interface Plant {
  /** End of the module's address. */
  readonly module: string
  readonly find: string
  readonly put: string
  /** Rules of which at least one must speak. */
  readonly caught: readonly string[]
}

export const plants: Readonly<Record<string, Plant>> = {
  /** One result in ten is taken with thanks and thrown away. */
  'drop-acknowledgement': {
    module: '/core/src/operations/settle.ts',
    find: 'if (heard.length === 0)',
    put: `const told = globalThis as unknown as { heard?: number }
    heard = heard.filter(() => (told.heard = (told.heard ?? 0) + 1) % 10 !== 5)
    if (heard.length === 0)`,
    caught: ['acknowledged-open', 'acknowledged-lost', 'outcome-differs', 'resent-after-end'],
  },
  /** A delivery is put into an answer of a second later once more. */
  'resend-command': {
    module: '/plugins/kit/src/agent-sync.ts',
    find: 'deliveries: deliveries.map(encode),',
    put: `deliveries: ((all) => {
        const told = globalThis as unknown as { given?: Map<number, { at: number; delivery: (typeof all)[number] }> }
        told.given ??= new Map()
        const old = told.given.get(c.no)
        const now = performance.now()
        if (old && now - old.at > 1_200) {
          told.given.delete(c.no)
          return [...all.filter((d) => d.id !== old.delivery.id), old.delivery]
        }
        const first = all.find((d) => d.kind === 'operation')
        if (first && !old) told.given.set(c.no, { at: now, delivery: first })
        return all
      })(deliveries.map(encode)),`,
    caught: ['resent-after-end'],
  },
  /** One event in twenty is never written. */
  'skip-event': {
    module: '/core/src/events/store.ts',
    find: 'const values = [rows.map((r) => r.type)',
    put: `const told = globalThis as unknown as { rows?: number }
  rows = rows.filter(() => (told.rows = (told.rows ?? 0) + 1) % 20 !== 10)
  const values = [rows.map((r) => r.type)`,
    caught: ['event-missing'],
  },
}
