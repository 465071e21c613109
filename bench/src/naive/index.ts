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

export const startNaive = (databaseUrl: string): Promise<Naive> =>
  start(new URL('main.ts', import.meta.url), databaseUrl)
/** Of Apple's connect. */
export const startNaiveApple = (databaseUrl: string): Promise<Naive> =>
  start(new URL('apple.ts', import.meta.url), databaseUrl)
/** Of Windows' management. */
export const startNaiveWindows = (databaseUrl: string): Promise<Naive> =>
  start(new URL('windows.ts', import.meta.url), databaseUrl)

async function start(file: URL, databaseUrl: string): Promise<Naive> {
  const child = startChild(fileURLToPath(file), { env: { DATABASE_URL: databaseUrl } })
  const { port } = await child.hear<{ port: number }>()
  return { pid: child.pid, port, stop: child.stop }
}
