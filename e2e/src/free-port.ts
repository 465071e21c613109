/** Ports nobody listens on, for servers that journeys start: below those that the system itself gives away, so that none is taken by chance before its server opens it, or while that is down. */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { pid } from 'node:process'

const lowest = 10_000
const highest = 31_999
/** Test files run side by side: most begin at a place of their own. */
const each = 25
const count = highest - lowest + 1
let tried = pid * each

/** Kept from other test files as long as this process lives. */
export async function freePorts(wanted: number): Promise<number[]> {
  const found: number[] = []
  for (const end = tried + count; found.length < wanted; ) {
    if (tried >= end) throw new Error(`No ${wanted} ports from ${lowest} to ${highest} are free.`)
    const port = lowest + (tried++ % count)
    if ((await isOurs(port)) && (await isFree(port))) found.push(port)
  }
  return found
}

/** The same port of UDP, which nobody here uses, says whose it is before its server opens it. */
function isOurs(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const mark = createSocket('udp4').unref()
    mark.once('error', (e: NodeJS.ErrnoException) => (e.code === 'EADDRINUSE' ? resolve(false) : reject(e)))
    mark.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true))
  })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (e: NodeJS.ErrnoException) => (e.code === 'EADDRINUSE' ? resolve(false) : reject(e)))
    probe.listen(port, () => probe.close(() => resolve(true)))
  })
}
