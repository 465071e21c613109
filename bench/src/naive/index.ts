/** The door of the naive build: its process and its tables. */
import { fileURLToPath } from 'node:url'
import { startChild } from '../children.ts'

export { putNaiveFleet, putNaiveOperations } from './tables.ts'

export async function startNaive(databaseUrl: string): Promise<{ pid: number; port: number; stop(): Promise<void> }> {
  const child = startChild(fileURLToPath(new URL('main.ts', import.meta.url)), { env: { DATABASE_URL: databaseUrl } })
  const { port } = await child.hear<{ port: number }>()
  return { pid: child.pid, port, stop: child.stop }
}
