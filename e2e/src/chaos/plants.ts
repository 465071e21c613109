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
    find: 'if (heard.length === 0) return { finals, others }',
    put: `const told = globalThis as unknown as { heard?: number }
    heard = heard.filter(() => (told.heard = (told.heard ?? 0) + 1) % 10 !== 5)
    if (heard.length === 0) return { finals, others }`,
    caught: ['acknowledged-open', 'acknowledged-lost', 'outcome-differs', 'resent-after-end'],
  },
  /** An operation whose end was told and taken is handed over once more in the next answer. */
  'resend-command': {
    module: '/plugins/kit/src/agent-sync.ts',
    find: 'return answer(c, said.sequence, deliveries, body.take)',
    put: `const lie = globalThis as unknown as { given?: Map<string, Delivery>; ended?: Map<number, Delivery> }
    lie.given ??= new Map()
    lie.ended ??= new Map()
    const again = lie.ended.get(c.no)
    lie.ended.delete(c.no)
    for (const d of deliveries) if (d.kind === 'operation') lie.given.set(d.id, d)
    const over = body.results?.find((r) => /^(completed|failed)$/.test(r.state) && lie.given?.has(r.id))?.id ?? ''
    const known = lie.given.get(over)
    if (known) lie.ended.set(c.no, known)
    return answer(c, said.sequence, again ? [...deliveries.filter((d) => d.id !== again.id), again] : deliveries, body.take)`,
    caught: ['resent-after-end'],
  },
  /** One event in twenty is never written. */
  'skip-event': {
    module: '/core/src/events/store.ts',
    find: 'const [first, ...others] = rows',
    put: `const told = globalThis as unknown as { rows?: number }
  rows = rows.filter(() => (told.rows = (told.rows ?? 0) + 1) % 20 !== 10)
  if (rows.length === 0) return Promise.resolve()
  const [first, ...others] = rows`,
    caught: ['event-missing'],
  },
}
