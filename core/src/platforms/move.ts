/** A device that changed hands keeps its body: what was escrowed and set on its channels goes on under the new ones. */
import type { Tx } from '../db/index.ts'

export async function moveChannels(tx: Tx, moved: readonly { from: number; to: number }[]): Promise<void> {
  if (moved.length === 0) return
  const values = [moved.map((m) => m.from), moved.map((m) => m.to)]
  for (const table of ['escrow', 'channel_set', 'feature_state'] as const) {
    await tx.query({
      name: `move-${table}`,
      text: `update ${table} t set channel = m.new from unnest($1::bigint[], $2::bigint[]) as m (old, new) where t.channel = m.old`,
      values,
    })
  }
}
