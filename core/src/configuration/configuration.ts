/** Configuration: typed values in the database, read from memory, in step on every node by the event bus. */
import { Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import type { z } from 'zod'
import type { Audit } from '../audit/index.ts'
import { checkInput, type Db, jsonText, type Log, type Tx } from '../db/index.ts'
import type { Events, Follower } from '../events/index.ts'
import { type ConfigurationKey, type Configured, configurationKeys, isConfigurationKey } from './keys.ts'

export interface Setting<K extends ConfigurationKey = ConfigurationKey> {
  key: K
  value: Configured<K>
  /** 0: the default, never saved. */
  revision: number
  changedAt: string | null
  changedBy: string | null
}

export interface Configuration {
  /** From memory; another node's change is seen within a second. */
  get<K extends ConfigurationKey>(key: K): Setting<K>
  list(): Setting[]
  /** Replaces the value whole. Problems: not-found (key), invalid-request, revision-mismatch. */
  put(key: string, value: unknown, by: { revision: number; actor: string }): Promise<Setting>
  /** Seconds between two polls, without jitter: also what a device is expected to keep. */
  pollInterval(platform: string): number
  /** Seconds to the next poll, with jitter. `random` in [0, 1). */
  pace(platform: string, random?: () => number): number
  /** Loads everything and follows changes. Before it, `get` gives defaults. */
  start(): Promise<void>
  stop(): Promise<void>
}
interface Row {
  key: string
  value: unknown
  revision: number
  changed: Date
  changed_by: string
}

export function createConfiguration(d: { db: Db; events: Events; audit: Audit; log: Log }): Configuration {
  const known = new Map<ConfigurationKey, Setting>()
  let follower: Follower | undefined

  /** Never takes an older revision for a newer one, whichever of two readers comes last. */
  function keep(row: Row): void {
    if (!isConfigurationKey(row.key) || (known.get(row.key)?.revision ?? 0) > row.revision) return
    const read = configurationKeys[row.key].safeParse(row.value)
    if (!read.success) {
      d.log.error(
        { key: row.key, issues: read.error.issues },
        'a stored configuration value does not fit; the default is used',
      )
      known.set(row.key, { ...initial(row.key), revision: row.revision })
      return
    }
    known.set(row.key, {
      key: row.key,
      value: read.data,
      revision: row.revision,
      changedAt: row.changed.toISOString(),
      changedBy: row.changed_by,
    })
  }

  async function load(keys?: readonly string[]): Promise<void> {
    const rows = await d.db.query<Row>(
      sql`select key, value, revision, changed, changed_by from configuration where ${keys ?? null}::text[] is null or key = any(${keys ?? null}::text[])`,
    )
    for (const row of rows) keep(row)
  }

  function get<K extends ConfigurationKey>(key: K): Setting<K> {
    return (known.get(key) ?? initial(key)) as Setting<K>
  }

  async function put(key: string, value: unknown, by: { revision: number; actor: string }): Promise<Setting> {
    if (!isConfigurationKey(key)) throw new Problem('not-found', { key })
    const schema: z.ZodType = configurationKeys[key]
    const checked = checkInput(schema, value)
    const row = await d.db.tx(async (tx) => {
      if (key === 'guard') await keepGuard(tx)
      const [written] = await tx.query<Row>(
        by.revision === 0
          ? sql`insert into configuration (key, value, changed_by) values (${key}, ${jsonText(checked)}::jsonb, ${by.actor}) on conflict (key) do nothing returning *`
          : sql`update configuration set value = ${jsonText(checked)}::jsonb, revision = revision + 1, changed = now(), changed_by = ${by.actor} where key = ${key} and revision = ${by.revision} returning *`,
      )
      if (!written) throw new Problem('revision-mismatch', { key })
      await d.audit.write(tx, {
        actor: by.actor,
        act: 'configuration.change',
        subject: `configuration:${key}`,
        detail: { revision: written.revision, value: JSON.parse(jsonText(checked)) },
      })
      await d.events.emit(tx, 'configuration.changed', { key })
      return written
    })
    keep(row)
    return get(key)
  }

  /** A guard that is weakened holds as it was for a while, so that nobody switches it off and strikes. */
  async function keepGuard(tx: Tx): Promise<void> {
    const [saved] = await tx.query<{ value: unknown }>(
      sql`select value from configuration where key = 'guard' for update`,
    )
    const before = configurationKeys.guard.safeParse(saved?.value ?? {})
    const value = before.success ? before.data : configurationKeys.guard.parse({})
    await tx.query(
      sql`insert into guard_before (value, until) values (${jsonText(value)}::jsonb, now() + ${value.settleHours} * interval '1 hour')`,
    )
  }

  function pollInterval(platform: string): number {
    const { defaultS, platforms } = get('polling').value
    return (Object.hasOwn(platforms, platform) ? platforms[platform] : undefined) ?? defaultS
  }

  async function start(): Promise<void> {
    follower ??= d.events.follow({ hears: ['configuration.changed'] }, async (batch) => {
      const keys = batch.flatMap((e) => (isConfigurationKey(e.data.key) ? [e.data.key] : []))
      if (keys.length > 0) await load([...new Set(keys)])
    })
    await follower.ready
    await load()
  }

  return {
    get,
    list: () => (Object.keys(configurationKeys) as ConfigurationKey[]).map((key) => get(key)),
    put,
    pollInterval,
    pace: (platform, random = Math.random) => {
      const every = pollInterval(platform)
      return Math.max(1, Math.round(every * (1 + get('polling').value.jitter * (2 * random() - 1))))
    },
    start,
    stop: async () => {
      await follower?.stop()
      follower = undefined
    },
  }
}

/** What holds while nobody has said anything else; each is made once, as every poll asks. */
const initials = new Map<ConfigurationKey, Setting>()
function initial(key: ConfigurationKey): Setting {
  const made = initials.get(key)
  if (made) return made
  const setting = { key, value: configurationKeys[key].parse({}), revision: 0, changedAt: null, changedBy: null }
  initials.set(key, setting)
  return setting
}
