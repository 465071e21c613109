/** A database's schema in words, to hold that a fresh one and an upgraded one are the same. */
import sql from 'sql-template-tag'
import type { Db } from '../db/index.ts'

/** One line per column, constraint, index, function, trigger, view and partition key, sorted. */
export async function describeSchema(db: Db, schema: string): Promise<string[]> {
  const rows = await db.query<{ line: string }>(sql`
    WITH tables AS (
      SELECT c.oid, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ${schema} AND c.relkind IN ('r', 'p', 'v', 'm', 'S'))
    SELECT format('column %s.%s %s %s null:%s %s %s', t.relname, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
      coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attidentity::text || a.attgenerated::text) AS line
      FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
    UNION ALL SELECT format('relation %s %s %s %s', t.relname, t.relkind, coalesce(pg_get_partkeydef(t.oid), ''), coalesce(c.reloptions::text, ''))
      FROM tables t JOIN pg_class c ON c.oid = t.oid
    UNION ALL SELECT format('constraint %s.%s %s', t.relname, k.conname, pg_get_constraintdef(k.oid))
      FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid
    UNION ALL SELECT pg_get_indexdef(i.indexrelid) FROM tables t JOIN pg_index i ON i.indrelid = t.oid
    UNION ALL SELECT pg_get_triggerdef(g.oid) FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
    UNION ALL SELECT format('view %s %s', t.relname, pg_get_viewdef(t.oid)) FROM tables t WHERE t.relkind IN ('v', 'm')
    UNION ALL SELECT format('type %s %s', y.typname, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder))
      FROM pg_type y JOIN pg_namespace n ON n.oid = y.typnamespace JOIN pg_enum e ON e.enumtypid = y.oid WHERE n.nspname = ${schema} GROUP BY y.typname
    UNION ALL SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname = ${schema} AND p.prokind IN ('f', 'p')`)
  return rows.map((r) => r.line).sort()
}
