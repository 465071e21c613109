/** The door of the naive build: its process and its tables. */
import { fileURLToPath } from 'node:url'
import { startChild } from '../children.ts'

export { putNaiveApple } from './apple-tables.ts'
export { putNaiveFleet, putNaiveOperations } from './tables.ts'
export { askNaiveWindows, putNaiveWindows } from './windows-tables.ts'

interface Naive {
  pid: number
  port: number
  stop(): Promise<void>
}

interface How {
  /** Each connection plans a statement once. */
  prepared?: boolean
}

export const startNaive = (databaseUrl: string, how?: How): Promise<Naive> =>
  start(new URL('main.ts', import.meta.url), databaseUrl, how)
/** Of Apple's connect. */
export const startNaiveApple = (databaseUrl: string, how?: How): Promise<Naive> =>
  start(new URL('apple.ts', import.meta.url), databaseUrl, how)
/** Of Windows' management. */
export const startNaiveWindows = (databaseUrl: string, how?: How): Promise<Naive> =>
  start(new URL('windows.ts', import.meta.url), databaseUrl, how)

async function start(file: URL, databaseUrl: string, { prepared = false }: How = {}): Promise<Naive> {
  const env = { DATABASE_URL: databaseUrl, NAIVE_PREPARED: prepared ? '1' : '0' }
  const child = startChild(fileURLToPath(file), { env })
  const { port } = await child.hear<{ port: number }>()
  return { pid: child.pid, port, stop: child.stop }
}
