/** One throw-away PostgreSQL for tests, in a temporary folder that goes away with the process that asked for it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../db/index.ts'
import { silentLog } from './log.ts'

/** A crash of the machine may lose it: that makes it fast. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  autovacuum: 'off',
}

export async function startTestServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-test-'))
  const embedded = await startEmbedded({ dataDir: folder, log: silentLog, settings, temporary: true })
  return {
    url: embedded.url,
    stop: async () => {
      await embedded.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
