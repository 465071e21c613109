/** The database: its version, how fast it answers, how big it is, whether the clocks agree, and what runs out in it. */
import { join } from 'node:path'
import { coreMigrations, type Db, masterIdOf } from '@muster/core'
import { type Finding, failed, ok, reason, warning } from './finding.ts'

interface Facts {
  now: Date
  version: string
  size: string
  connections: number
  most: number
  migrated: boolean
  number: number
  encoding: string
  fsync: string
  full_pages: string
  commit: string
}
/** Below it Muster does not start. */
const oldestMajor = 15
/** Certificates and decisions on time stand on clocks that agree. */
const skew = { warnMs: 2_000, failMs: 60_000 }
const slowMs = 50
const expiresDays = 30

export async function checkDatabase(db: Db, keysDir: string): Promise<Finding[]> {
  const began = Date.now()
  const [f] = await db.query<Facts>({
    text: `select clock_timestamp() as now, current_setting('server_version') as version, pg_size_pretty(pg_database_size(current_database())) as size,
      (select count(*)::integer from pg_stat_activity where datname = current_database()) as connections, current_setting('max_connections')::integer as most,
      to_regclass('muster.migration') is not null as migrated, current_setting('server_version_num')::integer as number, current_setting('server_encoding') as encoding,
      current_setting('fsync') as fsync, current_setting('full_page_writes') as full_pages, current_setting('synchronous_commit') as commit`,
  })
  const tookMs = Date.now() - began
  if (!f) return [failed('database', 'it answered nothing.', 'Look at its log.')]
  return [
    f.number >= oldestMajor * 10_000
      ? ok('database', `PostgreSQL ${f.version}, ${f.size}, ${db.url}`)
      : failed('database', `PostgreSQL ${f.version} is too old.`, `Upgrade it to ${oldestMajor} or later.`),
    ...settings(f),
    roundTrip(await fastest(db)),
    clock(f.now.getTime(), began, began + tookMs),
    f.connections > f.most * 0.8
      ? warning('connections', `${f.connections} of ${f.most} in use.`, 'Raise max_connections, or run fewer nodes.')
      : ok('connections', `${f.connections} of ${f.most} in use`),
    ...(f.migrated
      ? [await schema(db), ...(await masterKey(db, keysDir)), ...(await contents(db))]
      : [ok('schema', 'empty: made at the first start')]),
  ]
}

/** What an acknowledgement stands on: that a commit is on disk when it is answered. */
function settings(f: Facts): Finding[] {
  const check = 'settings'
  const lost = 'What was acknowledged may be lost when the machine goes down'
  const wrong = [
    ...(f.encoding === 'UTF8'
      ? []
      : [failed(check, `the encoding is ${f.encoding}.`, 'Make the database anew with encoding UTF8.')]),
    ...(f.fsync === 'on' ? [] : [failed(check, `fsync is ${f.fsync}. ${lost}.`, 'Set fsync = on.')]),
    ...(f.full_pages === 'on'
      ? []
      : [
          warning(
            check,
            `full_page_writes is ${f.full_pages}.`,
            'Set it on, unless the file system writes whole pages at once.',
          ),
        ]),
    ...(f.commit === 'off'
      ? [failed(check, `synchronous_commit is off. ${lost}.`, 'Set synchronous_commit = on.')]
      : []),
  ]
  return wrong.length > 0 ? wrong : [ok(check, 'commits are durable, texts are UTF-8')]
}

async function fastest(db: Db): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3; i++) {
    const began = performance.now()
    await db.ping()
    best = Math.min(best, performance.now() - began)
  }
  return best
}
function roundTrip(ms: number): Finding {
  const text = `${ms.toFixed(1)} ms a round trip`
  return ms > slowMs ? warning('latency', `${text}.`, 'Put the database nearer to the server.') : ok('latency', text)
}
/** The database looked at its clock at some moment between the two of ours: only what lies outside of them is known to be off. */
function clock(there: number, asked: number, answered: number): Finding {
  const ms = there < asked ? there - asked : Math.max(0, there - answered)
  const off = Math.abs(ms)
  const text = `${(off / 1000).toFixed(1)} s ${ms > 0 ? 'behind' : 'ahead of'} the database`
  const advice = 'Set both clocks by NTP.'
  if (off > skew.failMs) return failed('clock', `${text}.`, advice)
  return off > skew.warnMs ? warning('clock', `${text}.`, advice) : ok('clock', text)
}

async function schema(db: Db): Promise<Finding> {
  const applied = await db.query<{ name: string }>({ text: `select name from migration where schema = 'muster'` })
  const known = coreMigrations().migrations.map((m) => m.name)
  const newer = applied.filter((a) => !known.includes(a.name))
  if (newer.length > 0)
    return failed('schema', `made by a newer Muster (${newer.map((n) => n.name).join(', ')}).`, 'Install that version.')
  const missing = known.filter((k) => !applied.some((a) => a.name === k))
  return missing.length > 0
    ? warning(
        'schema',
        `${missing.length} migrations to come.`,
        'The next start, or `muster migrate`, applies them: make a backup first.',
      )
    : ok('schema', 'of this version')
}

async function masterKey(db: Db, keysDir: string): Promise<Finding[]> {
  const [row] = await db.query<{ master_id: string }>({ text: 'select master_id from data_key order by no limit 1' })
  if (!row) return []
  try {
    const there = masterIdOf(join(keysDir, 'master.key'))
    if (there === row.master_id) return [ok('master key', 'fits the database')]
    return [
      failed(
        'master key',
        there === undefined ? 'is missing.' : 'is not the one of this database.',
        'Put the right key files in place.',
      ),
    ]
  } catch (e) {
    return [failed('master key', reason(e), '')]
  }
}

async function contents(db: Db): Promise<Finding[]> {
  const soon = await db.query<{ what: string; at: Date; over: boolean }>({
    text: `select what, at, at < now() as over from (
        select 'authority ' || role as what, not_after as at from authority where retired is null
        union all select 'server certificate of ' || hosts, not_after from server_certificate where hosts = (select hosts from server_certificate order by created desc limit 1)) x
      where at < now() + make_interval(days => $1) order by at`,
    values: [expiresDays],
  })
  const [row] = await db.query<{ recovery: Date | null }>({
    text: 'select (select recovery from installation) as recovery',
  })
  const expiring = soon.map((s) => {
    const text = `${s.what} ${s.over ? 'has expired' : 'expires'} on ${s.at.toISOString().slice(0, 10)}.`
    return s.over
      ? failed('certificates', text, 'Start the server: it renews what it can.')
      : warning('certificates', text, 'The server renews it while it runs.')
  })
  return [
    ...(expiring.length > 0 ? expiring : [ok('certificates', `none expires within ${expiresDays} days`)]),
    ...(row?.recovery
      ? [
          warning(
            'recovery',
            'restored from a backup, in recovery mode.',
            'End it with `muster recovery end` when all is well.',
          ),
        ]
      : []),
  ]
}
