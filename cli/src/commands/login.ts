/** login and its end: a person signs in with a browser, on this machine or another (OAuth device code). */
import { ApiProblem, answer, createMusterClient } from '@muster/client'
import { Command } from 'commander'
import { cliClientId, keep, serverUrl, type Tokens, tokenRequest } from '../connect.ts'
import { json, type Terminal } from '../terminal.ts'
import { readStored, writeStored } from '../token-file.ts'

interface DeviceCode {
  device_code: string
  user_code: string
  verification_uri: string
  verification_uri_complete?: string
  expires_in: number
  interval?: number
}
const grant = 'urn:ietf:params:oauth:grant-type:device_code'

export function loginCommand(terminal: Terminal): Command {
  return new Command('login')
    .description('sign in as a user, with a browser')
    .option('--out', 'sign out: forget what was stored')
    .addHelpText(
      'after',
      '\nThe tokens are kept in ~/.config/muster/tokens.json (MUSTER_TOKEN_FILE), readable by you alone.\n',
    )
    .action(async (options: { out?: boolean }, command: Command) => {
      const url = serverUrl(terminal, command)
      if (options.out) return signOut(terminal, url)
      const scope = await scopes(url)
      const code = await tokenRequest<DeviceCode>(url, { client_id: cliClientId, scope }, {}, '/oauth2/device/auth')
      terminal.err(
        `Open  ${code.verification_uri_complete ?? code.verification_uri}\nand confirm the code  ${code.user_code}\n`,
      )
      const file = keep(terminal, url, await waitForTokens(url, code))
      const session = await answer(
        createMusterClient({ baseUrl: url, token: readStored(terminal.env, url)?.access }).GET('/api/v1/session'),
      )
      if ((command.optsWithGlobals() as { json?: boolean }).json) json(terminal, { user: session.user, file })
      else terminal.out(`Signed in as ${session.user.name}.\n`)
    })
}

/** All that the server has: what the person holds of it is what the token gets. */
async function scopes(url: string): Promise<string> {
  const client = createMusterClient({ baseUrl: url })
  await answer(client.GET('/api/v1/about'))
  const found = (await (await fetch(`${url}/oauth2/.well-known/openid-configuration`)).json()) as {
    scopes_supported?: string[]
  }
  return (found.scopes_supported ?? ['openid', 'offline_access']).join(' ')
}

async function waitForTokens(url: string, code: DeviceCode): Promise<Tokens> {
  let everyS = code.interval ?? 5
  const until = Date.now() + code.expires_in * 1000
  while (Date.now() < until) {
    await new Promise((r) => setTimeout(r, everyS * 1000))
    try {
      return await tokenRequest(url, { grant_type: grant, device_code: code.device_code, client_id: cliClientId })
    } catch (e) {
      if (!(e instanceof ApiProblem) || !['authorization_pending', 'slow_down'].includes(e.code)) throw e
      if (e.code === 'slow_down') everyS += 5
    }
  }
  throw new ApiProblem(401, { code: 'expired_token', detail: 'Nobody confirmed the code in time.' })
}

async function signOut(terminal: Terminal, url: string): Promise<void> {
  const stored = readStored(terminal.env, url)
  const token = stored?.refresh ?? stored?.access
  if (token) await tokenRequest(url, { token, client_id: cliClientId }, {}, '/oauth2/token/revocation')
  writeStored(terminal.env, url, undefined)
  terminal.out(stored ? 'Signed out.\n' : 'You were not signed in.\n')
}
