/** One address for all nodes, as a load balancer gives: each new connection goes to a node that is there. */
import { connect, createServer, type Socket } from 'node:net'
import type { Chance } from './chance.ts'

export interface Front {
  readonly url: string
  /** Where connections may go from now on. */
  serve(ports: () => readonly number[]): void
  close(): Promise<void>
}

/** A connection waits so long for a node to come up. */
const patienceMs = 3_000
const lookMs = 50

export async function openFront(chance: Chance): Promise<Front> {
  const open = new Set<Socket>()
  let ports: () => readonly number[] = () => []

  async function upstream(client: Socket): Promise<Socket | undefined> {
    for (const until = Date.now() + patienceMs; Date.now() < until && !client.destroyed; ) {
      const there = ports()
      const found = there.length > 0 ? await reach(chance.pick(there)) : undefined
      if (found) return found
      await new Promise((resolve) => setTimeout(resolve, lookMs))
    }
    return undefined
  }
  async function pass(client: Socket): Promise<void> {
    const server = await upstream(client)
    if (!server || client.destroyed) {
      client.destroy()
      server?.destroy()
      return
    }
    // A node that dies cuts its callers off, as without a proxy.
    server.on('close', () => client.destroy())
    client.on('close', () => server.destroy())
    server.on('error', () => client.destroy())
    server.pipe(client)
    client.pipe(server)
  }
  const listener = createServer((client) => {
    open.add(client)
    client.setNoDelay(true)
    client.on('error', () => client.destroy())
    client.on('close', () => open.delete(client))
    void pass(client)
  })
  await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(listener.address() as { port: number }).port}`,
    serve: (of) => {
      ports = of
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve())
        for (const client of open) client.destroy()
      }),
  }
}

function reach(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const failed = () => resolve(undefined)
    socket.once('error', failed)
    socket.once('connect', () => {
      socket.off('error', failed)
      socket.setNoDelay(true)
      resolve(socket)
    })
  })
}
