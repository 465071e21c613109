/** Port 0 becomes one that the system chooses: known before it opens, as the public address names it, and kept from everybody else until then. */
import { type AddressInfo, createServer } from 'node:net'

export interface HeldPort {
  /** undefined: none is opened. */
  readonly port: number | undefined
  /** Free for its server from now on. */
  release(): Promise<void>
}

/** `null`: none. */
export async function holdPort(wanted: number | null | undefined, usual: number): Promise<HeldPort> {
  if (wanted !== 0) return { port: wanted === null ? undefined : (wanted ?? usual), release: async () => undefined }
  // Nobody knows of it yet; who knocks all the same does not keep it open.
  const holder = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => holder.once('error', reject).listen(0, resolve))
  const { port } = holder.address() as AddressInfo
  return {
    port,
    release: () => new Promise((resolve) => (holder.listening ? holder.close(() => resolve()) : resolve())),
  }
}
