/** The door of the echo: its process. */
import { fileURLToPath } from 'node:url'
import { startChild } from '../children.ts'

export async function startEcho(): Promise<{ pid: number; port: number; stop(): Promise<void> }> {
  const child = startChild(fileURLToPath(new URL('main.ts', import.meta.url)))
  const { port } = await child.hear<{ port: number }>()
  return { pid: child.pid, port, stop: child.stop }
}
