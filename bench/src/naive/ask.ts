/**
 * The naive builds' way to their database. What one writes first hands each statement over as a text, which the database parses and plans each time.
 * NAIVE_PREPARED=1 names them, so that each connection does so once: the naive build of somebody who has measured before.
 */
import pg from 'pg'

export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
const prepared = process.env.NAIVE_PREPARED === '1'

export function ask(client: pg.PoolClient, name: string, text: string, values: unknown[]): Promise<pg.QueryResult> {
  return client.query(prepared ? { name, text, values } : { text, values })
}
