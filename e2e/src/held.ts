/** Times that a journey does not wait for: a destructive operation is held for minutes, and what a service refused rests. */
import { type TestDatabase, testDatabase } from '@muster/core/testing'

export interface Waits {
  /** For `install`. */
  readonly env: { readonly DATABASE_URL: string }
  /** What is held by now is held no longer, as if its time were over. */
  over(): Promise<void>
  /** What rests until later may be tried now. */
  rested(): Promise<void>
  close(): Promise<void>
}

export async function waitsOf(): Promise<Waits> {
  const database: TestDatabase = await testDatabase({ migrated: false })
  return {
    env: { DATABASE_URL: database.url },
    over: async () =>
      void (await database.db.query({ text: `update muster.pending set due = now() where state = 'held'` })),
    rested: async () => {
      const run = (text: string) => database.db.query({ text })
      await run(`update muster.pending set due = now() where state = 'deferred' and due > now()`)
      await run('update muster.feature_state set due = now() where due > now()')
      await run('update muster.channel_set set due = now() where due > now()')
    },
    close: database.close,
  }
}
