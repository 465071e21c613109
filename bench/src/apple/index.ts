/** The door of Apple's side of the bed: a fleet of its own, what it says, and who serves it. */
import { fileURLToPath } from 'node:url'
import { startChild } from '../children.ts'

export { putAppleFleet } from './fleet.ts'
export { type AppleIdentities, appleIdentities, udidOf } from './identities.ts'
export { acknowledged, idle, plist, saying } from './messages.ts'

export async function startVerifier(): Promise<{ pid: number; port: number; stop(): Promise<void> }> {
  const child = startChild(fileURLToPath(new URL('echo.ts', import.meta.url)))
  const { port } = await child.hear<{ port: number }>()
  return { pid: child.pid, port, stop: child.stop }
}
