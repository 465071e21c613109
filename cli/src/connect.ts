/** The connection to a server: its address, trust, and a token from an API client or from `muster login`. */
import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { ApiProblem, createMusterClient, type MusterClient, problemOf, unreachable } from '@muster/client'
import type { Command } from 'commander'
import { type Terminal, UsageError } from './terminal.ts'
import { alone, readStored, type Stored, writeStored } from './token-file.ts'

export const cliClientId = 'muster-cli'

export interface Connection {
  url: string
  client: MusterClient
  asJson: boolean
  token(): Promise<string>
}

/** The address asked for, and trust in the root certificate of MUSTER_CA. */
export function serverUrl(terminal: Terminal, command: Command): string {
  const given =
    (command.optsWithGlobals() as { url?: string }).url ?? terminal.env.MUSTER_URL ?? 'http://localhost:8080'
  if (!URL.canParse(given) || !/^https?:/.test(given)) throw new UsageError(`not the address of a server: ${given}`)
  trust(terminal.env.MUSTER_CA)
  return given.replace(/\/+$/, '')
}

let trusted: string | undefined
function trust(file: string | undefined): void {
  if (!file || trusted === file) return
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch (e) {
    throw new UsageError(`MUSTER_CA cannot be read: ${e instanceof Error ? e.message : String(e)}`)
  }
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), pem])
  trusted = file
}

export function connect(terminal: Terminal, command: Command): Connection {
  const url = serverUrl(terminal, command)
  let token: Promise<string> | undefined
  const get = () => (token ??= tokenFor(terminal, url))
  const asJson = (command.optsWithGlobals() as { json?: boolean }).json === true
  return { url, client: createMusterClient({ baseUrl: url, token: get }), asJson, token: get }
}

async function tokenFor(terminal: Terminal, url: string): Promise<string> {
  const client = terminal.env.MUSTER_CLIENT
  if (client) {
    const colon = client.indexOf(':')
    if (colon < 1) throw new UsageError('MUSTER_CLIENT is id:secret')
    const basic = [client.slice(0, colon), client.slice(colon + 1)].map(encodeURIComponent).join(':')
    const got = await tokenRequest(
      url,
      { grant_type: 'client_credentials' },
      { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
    )
    return got.access_token
  }
  const stored = readStored(terminal.env, url)
  if (!stored)
    throw new ApiProblem(401, {
      code: 'unauthenticated',
      detail: 'Sign in with `muster login`, or set MUSTER_CLIENT=id:secret.',
    })
  if (isGood(stored)) return stored.access
  return alone(terminal.env, async () => {
    // Another command may have done it meanwhile.
    const now = readStored(terminal.env, url) ?? stored
    return isGood(now) ? now.access : refreshed(terminal, url, now)
  })
}

const isGood = (stored: Stored): boolean => Date.parse(stored.expires) > Date.now() + 30_000

async function refreshed(terminal: Terminal, url: string, stored: Stored): Promise<string> {
  const over = new ApiProblem(401, { code: 'token-expired', detail: 'Your sign-in has expired: `muster login`.' })
  if (!stored.refresh) throw over
  const got = await tokenRequest(url, {
    grant_type: 'refresh_token',
    refresh_token: stored.refresh,
    client_id: cliClientId,
  }).catch((e: unknown) => {
    throw e instanceof ApiProblem && e.code === 'invalid_grant' ? over : e
  })
  keep(terminal, url, got)
  return got.access_token
}

export interface Tokens {
  access_token: string
  refresh_token?: string
  expires_in: number
}
export function keep(terminal: Terminal, url: string, t: Tokens): string {
  return writeStored(terminal.env, url, {
    access: t.access_token,
    refresh: t.refresh_token,
    expires: new Date(Date.now() + t.expires_in * 1000).toISOString(),
  })
}

/** A form to the key manager; ApiProblem with OAuth's `error` as its code when it refuses. */
export async function tokenRequest<T = Tokens>(
  url: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
  path = '/oauth2/token',
): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { accept: 'application/json', ...headers },
  }).catch((e: unknown) => {
    throw unreachable(e)
  })
  const body: unknown = await response.json().catch(() => ({}))
  if (!response.ok) throw problemOf(response, body)
  return body as T
}
