/** Ports: free for a server to come, or held by one of ours. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createServer } from 'node:net'
import { type Finding, failed, ok } from './finding.ts'

interface Port {
  name: string
  port: number
  secure: boolean
}
/** Not switched off, and not left to chance. */
export function usesPort(p: { name: string; port: number | null; secure: boolean }): p is Port {
  return p.port !== null && p.port !== 0
}
const patienceMs = 2_000

export async function checkPort({ name, port, secure }: Port, host: string | undefined): Promise<Finding> {
  const code = await bind(port, host)
  if (code === undefined) return ok(name, `${port} is free`)
  if (code === 'EACCES') return failed(name, `${port} may not be opened by this user.`, 'Choose one above 1023.')
  if (code !== 'EADDRINUSE') return failed(name, `${port} cannot be opened (${code}).`, 'Check MUSTER_HOST.')
  return (await isMuster(port, secure, host))
    ? ok(name, `${port} is served by a Muster`)
    : failed(name, `${port} is used by something else.`, 'Stop it, or choose another port.')
}

/** The error code of trying to listen; undefined when it went well. */
function bind(port: number, host: string | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (e: NodeJS.ErrnoException) => resolve(e.code ?? e.message))
    server.listen({ port, host }, () => server.close(() => resolve(undefined)))
  })
}

/** Asks for its health. Who it is, is not proven: the certificate may be of its own authority. */
function isMuster(port: number, secure: boolean, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const where = {
      port,
      host: host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host,
      path: '/healthz',
      timeout: patienceMs,
    }
    const done = (yes: boolean) => resolve(yes)
    const request = secure ? httpsRequest({ ...where, rejectUnauthorized: false }) : httpRequest(where)
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (d: string) => {
        text = (text + d).slice(0, 1_000)
      })
      response.on('end', () => done(/"status":"ok"/.test(text)))
    })
    request.on('timeout', () => request.destroy(new Error('no answer')))
    request.on('error', () => done(false))
    request.end()
  })
}
