/** The SQL of the data keys. */
import sql from 'sql-template-tag'
import type { Sqlish, Tx } from '../db/index.ts'

export interface DataKeyRow {
  no: number
  wrapped: Buffer
  master_id: string
}

/** Makers and re-wrappers of keys go one at a time, on all nodes. */
export function lockKeys(tx: Tx) {
  return tx.query(sql`SELECT pg_advisory_xact_lock(hashtextextended('data keys', 0))`)
}

export function dataKeys(db: Sqlish): Promise<DataKeyRow[]> {
  return db.query<DataKeyRow>(sql`SELECT no, wrapped, master_id FROM data_key ORDER BY no`)
}

/** Other nodes hear of it when this commits. */
export async function insertDataKey(tx: Tx, row: DataKeyRow) {
  await tx.query(
    sql`INSERT INTO data_key (no, wrapped, master_id) VALUES (${row.no}, ${row.wrapped}, ${row.master_id})`,
  )
  await tx.query(sql`SELECT pg_notify('muster_data_key', '')`)
}

export async function updateDataKey(tx: Tx, row: DataKeyRow) {
  await tx.query(sql`UPDATE data_key SET wrapped = ${row.wrapped}, master_id = ${row.master_id} WHERE no = ${row.no}`)
  await tx.query(sql`SELECT pg_notify('muster_data_key', '')`)
}
