/** A plugin's own tables: a schema of its own, migrated like the core's, reached by statements that see nothing else by name. */
import sql, { raw } from 'sql-template-tag'
import type { Db, MigrationSet } from '../db/index.ts'
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
  const schema = schemaOf(platform)
  return (text, ...values) =>
    db.tx(async (tx) => {
      await tx.query(sql`set local search_path = ${raw(schema)}`)
      return tx.query({ text: text.reduce((all, part, i) => `${all}$${i}${part}`), values })
    })
}
