/** The beginning of all profile identifiers stays as long as devices have profiles by it: under another one the old profiles would stay on them beside the new, and nobody would remove them. */
import type { PlatformHost } from '@muster/contract'

export const prefixMigration = {
  name: '0004_prefix',
  sql: 'create table prefix (one boolean primary key default true check (one), value text not null);',
}
/** Identities that end within so many seconds: all. */
const everS = 100 * 365 * 86_400

/** Throws when it is not the one that enrolled devices know. */
export async function keepPrefix(host: PlatformHost, prefix: string): Promise<void> {
  await host.sql`insert into prefix (value) values (${prefix}) on conflict (one) do nothing`
  const [kept] = await host.sql<{ value: string }>`select value from prefix`
  if (!kept || kept.value === prefix) return
  const [enrolled] = await host.certificates.ending(everS)
  if (enrolled)
    throw new Error(
      `Apple: identifierPrefix is ${prefix}, and devices are enrolled whose profiles begin with ${kept.value}. They would keep those beside the new ones. ` +
        `Set it back to ${kept.value}, or disenrol Apple's devices first.`,
    )
  await host.sql`update prefix set value = ${prefix} where value = ${kept.value}`
}
