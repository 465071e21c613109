/** PostgreSQL as the harness breaks it: killed, shut down at once, frozen, its disk filled; and its time passed on, for waits that last minutes. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { type Db, type Embedded, type Log, openDb, startEmbedded } from '@muster/core'

export interface ChaosDatabase {
  /** Its unix socket. */
  readonly socket: string
  /** For the harness itself, past the proxy. */
  readonly db: Db
  /** A real disk of its own that can be filled; without one (no root, no tmpfs) a full disk is played by the proxy. */
  readonly canFill: boolean
  kill(): boolean
  /** SIGQUIT: immediate shutdown, recovery at the next start. */
  quit(): boolean
  /** SIGKILL to one backend: PostgreSQL ends all others and recovers. */
  killBackend(): boolean
  freeze(ms: number): Promise<boolean>
  fill(ms: number): Promise<boolean>
  /** Leases and waits older than `olderThanS` end now, as if their minutes had passed. */
  passTime(olderThanS: number): Promise<void>
  untilUp(withinMs: number): Promise<void>
  close(): Promise<void>
}

const diskMb = 4_096
const deadlock = '40P01'
/** Small logs of its own, so that a full disk is full of data. */
const settings = { max_wal_size: '96MB', min_wal_size: '48MB', max_connections: '60' }

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export async function openDatabase(o: { folder: string; log: Log }): Promise<ChaosDatabase> {
  const disk = join(o.folder, 'disk')
  mkdirSync(disk, { mode: 0o755 })
  const canFill = mount(disk)
  chmodSync(disk, 0o755)
  const unmount = () => void (canFill && spawnSync('umount', ['-l', disk]))
  process.once('exit', unmount)
  const embedded: Embedded = await startEmbedded({ dataDir: disk, log: o.log, settings })
  const db = await openDb({ url: embedded.url, dataDir: '', log: o.log, poolSize: 2 })
  const socket = join(new URL(embedded.url).searchParams.get('host') ?? '', '.s.PGSQL.5432')

  function signal(name: NodeJS.Signals, pid = embedded.pid()): boolean {
    if (pid === undefined) return false
    try {
      return process.kill(pid, name)
    } catch {
      // It ended just now.
      return false
    }
  }
  async function untilUp(withinMs: number): Promise<void> {
    for (const until = Date.now() + withinMs; ; await pause(50)) {
      try {
        await db.ping()
        return
      } catch (error) {
        if (Date.now() > until) throw new Error('PostgreSQL did not come back', { cause: error })
      }
    }
  }
  return {
    socket,
    db,
    canFill,
    kill: () => signal('SIGKILL'),
    quit: () => signal('SIGQUIT'),
    killBackend: () => {
      const backend = childrenOf(embedded.pid()).find((c) => /^postgres: muster /.test(c.title))
      return backend !== undefined && signal('SIGKILL', backend.pid)
    },
    freeze: async (ms) => {
      const pid = embedded.pid()
      if (!signal('SIGSTOP', pid)) return false
      const all = childrenOf(pid)
      for (const c of all) signal('SIGSTOP', c.pid)
      await pause(ms)
      for (const c of all) signal('SIGCONT', c.pid)
      return signal('SIGCONT', pid)
    },
    fill: async (ms) => {
      if (!canFill) return false
      const { blocks, bfree, bsize } = statfsSync(disk)
      const usedKb = Math.ceil(((blocks - bfree) * bsize) / 1024) + 64
      if (!resize(disk, `${usedKb}k`)) return false
      await pause(ms)
      if (!resize(disk, `${diskMb}m`)) throw new Error('the disk of the database could not be made larger again')
      return true
    },
    // Where it and a server stand in each other's way, it gives in: the rows are left for the next time.
    passTime: (olderThanS) =>
      passTime(db, olderThanS).catch((error: { code?: string }) => {
        if (error.code !== deadlock) throw error
      }),
    untilUp,
    close: async () => {
      await db.close()
      await embedded.stop()
      process.off('exit', unmount)
      unmount()
    },
  }
}

function mount(folder: string): boolean {
  if (process.getuid?.() !== 0) return false
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m,mode=0755`, 'muster-chaos', folder]).status === 0
}
const resize = (folder: string, size: string) => spawnSync('mount', ['-o', `remount,size=${size}`, folder]).status === 0

/** Of /proc: a process's children with the titles that PostgreSQL gives them. */
function childrenOf(parent: number | undefined): { pid: number; title: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      if (ppid !== parent) return []
      return [{ pid: Number(name), title: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') }]
    } catch {
      // It ended meanwhile.
      return []
    }
  })
}

/** The database's own statements do what follows; only the waiting is cut short. Rows that somebody works on are left for the next time. */
async function passTime(db: Db, olderThanS: number): Promise<void> {
  const values = [olderThanS]
  await db.query({
    text: `update pending p set lease = now() from (select channel, activity from pending where state = 'sent' and lease > now() and updated < now() - $1 * interval '1 second' for update skip locked) x
      where p.channel = x.channel and p.activity = x.activity`,
    values,
  })
  await db.query({ text: 'update handed set until = now() where until > now()' })
  await db.query({
    text: `with late as (select channel, feature from feature_state where state = 'sent' and lease > now() and since < now() - $1 * interval '1 second' for update skip locked),
      rested as (select channel, feature from feature_state where state <> 'sent' and due > now() and since < now() - $1 * interval '1 second' for update skip locked),
      ended as (update feature_state f set lease = now() from late x where f.channel = x.channel and f.feature = x.feature returning f.channel),
      woken as (update feature_state f set due = now() from rested x where f.channel = x.channel and f.feature = x.feature returning f.channel)
      update channel_set cs set due = now() where channel in (select channel from ended union select channel from woken)`,
    values,
  })
}
