/** A plugin's own tables: a schema of its own, migrated like the core's, reached by statements that see nothing else by name. */
import sql, { raw } from 'sql-template-tag'
import type { Db, MigrationSet, Tx } from '../db/index.ts'
import type { Registry } from '../registry/index.ts'

const schemaOf = (platform: string) => `plugin_${platform.replaceAll('-', '_')}`

export function pluginMigrations(registry: Registry): MigrationSet[] {
  return [...registry.platforms.values()]
    .filter((p) => p.platform.migrations.length > 0)
    .map((p) => ({ schema: schemaOf(p.platform.id), migrations: p.platform.migrations }))
}

/** One statement per call, in a transaction whose search path is the plugin's schema alone. */
export function pluginSql(
  db: Db,
  platform: string,
): <T>(text: TemplateStringsArray, ...values: unknown[]) => Promise<T[]> {
  return (text, ...values) => db.tx((tx) => within(tx, platform, text, values))
}

/** Statements of the plugin within a transaction of the core's, which finds its own tables again after each. */
export function pluginSqlIn(
  tx: Tx,
  platform: string,
): <T>(text: TemplateStringsArray, ...values: unknown[]) => Promise<T[]> {
  return async <T>(text: TemplateStringsArray, ...values: unknown[]) => {
    const rows = await within<T>(tx, platform, text, values)
    await tx.query(sql`set local search_path to default`)
    return rows
  }
}

async function within<T>(tx: Tx, platform: string, text: TemplateStringsArray, values: unknown[]): Promise<T[]> {
  await tx.query(sql`set local search_path = ${raw(schemaOf(platform))}`)
  return tx.query<T>({ text: text.reduce((all, part, i) => `${all}$${i}${part}`), values })
}
