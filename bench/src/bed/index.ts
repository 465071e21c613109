/** The door of the test bed: a durable PostgreSQL of its own with a fleet in it, and servers on it. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { coreMigrations, type Db, migrate, openDb } from '@muster/core'
import { parentOf } from '../machine.ts'
import { putFleet } from './fleet.ts'
import { type Muster, type MusterOptions, startMuster } from './muster.ts'

export { putInvitations } from './fleet.ts'
export { bindGoogle, type GoogleBed } from './google.ts'
export { freePort, type Muster } from './muster.ts'
export { putOffice, settleOffice } from './office.ts'
export { makeAgents, settleLike } from './phones.ts'
export { removeFleet } from './remove.ts'
export { scripts } from './scripts.ts'
export type { MusterOptions }

/** The real server without limits by address. */
export const unlimitedServer = fileURLToPath(new URL('server.ts', import.meta.url))

export interface Bed {
  readonly db: Db
  readonly url: string
  /** Process number of PostgreSQL. */
  readonly databasePid: number
  readonly devices: number
  readonly seed: number
  start(o?: Partial<MusterOptions>): Promise<Muster>
  close(): Promise<void>
}

const silent = () => undefined
const log = { info: silent, warn: silent, error: silent }

/** PostgreSQL with the settings that Muster gives its own, so durable; migrated and filled. */
export async function makeBed(o: { devices: number; seed: number }): Promise<Bed> {
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-bench-'))
  // PostgreSQL refuses to run as root: then it is somebody else who must reach its folder.
  await chmod(dataDir, 0o755)
  const db = await openDb({ dataDir, log })
  const started: Muster[] = []
  const start = async (more: Partial<MusterOptions> = {}) => {
    const muster = await startMuster({ dataDir: join(dataDir, 'server'), databaseUrl: db.url, ...more })
    started.push(muster)
    return muster
  }
  await migrate(db, [coreMigrations()])
  await putFleet(db, o.seed, o.devices)
  return {
    db,
    url: db.url,
    databasePid: await postmasterOf(db),
    ...o,
    start,
    close: async () => {
      // After a failure some still run, and their connections would hold the database open.
      for (const muster of started) await muster.stop()
      await db.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Each connection's process is a child of PostgreSQL's first. */
async function postmasterOf(db: Db): Promise<number> {
  const [row] = await db.query<{ pid: number }>({ text: 'select pg_backend_pid() as pid' })
  return parentOf(row?.pid ?? 0)
}
