/** SCEP clients that others wrote, as commands: Debian's `scepclient` and strongSwan's `pki`. */
import { execFile, spawnSync } from 'node:child_process'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Runs in the folder; throws with what it said. */
export async function command(folder: string, program: string, ...args: string[]): Promise<Buffer> {
  try {
    const { stdout } = await execute(program, args, { cwd: folder, encoding: 'buffer', timeout: 60_000 })
    return stdout
  } catch (e) {
    const { stdout = '', stderr = '' } = e as { stdout?: Buffer | string; stderr?: Buffer | string }
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: e })
  }
}

const missing = (program: string, ...args: string[]) => spawnSync(program, args).error !== undefined

/** The Debian packages that are not installed. pki fetches with a library that is a package of its own. */
export function missingScepClients(): string[] {
  const fetches = spawnSync('pki', ['--scepca', '--url', 'http://127.0.0.1:9/', '--caout', '/dev/null'])
  return [
    ...(missing('scepclient', '-version') ? ['scep'] : []),
    ...(fetches.error === undefined ? [] : ['strongswan-pki']),
    ...(/libcurl/.test(String(fetches.stderr)) ? [] : ['libstrongswan-extra-plugins']),
  ]
}

export interface Detour {
  url: string
  /** Targets of the requests that went through, oldest first. */
  readonly targets: string[]
  close(): Promise<void>
}
/** Hands requests on to `server` in another form, as other clients would have sent the same message. */
export async function detour(
  server: string,
  form: (r: { method: string; target: string; body: Buffer }) => Form,
): Promise<Detour> {
  const targets: string[] = []
  const http = createServer(async (from, to) => {
    const { method, target, body } = form({
      method: from.method ?? '',
      target: from.url ?? '',
      body: await whole(from),
    })
    targets.push(target)
    const { hostname, port } = new URL(server)
    // As it stands: `fetch` would write such a target anew.
    const onward = httpRequest({ hostname, port, method, path: target, agent: false }, async (answer) => {
      const bytes = await whole(answer)
      to.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? '' }).end(bytes)
    })
    onward.on('error', (e) => to.writeHead(502).end(String(e)))
    onward.end(body)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    targets,
    close: () => new Promise((resolve) => http.close(() => resolve())),
  }
}
export interface Form {
  method: string
  target: string
  body?: Buffer
}

async function whole(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of message) parts.push(part as Buffer)
  return Buffer.concat(parts)
}
