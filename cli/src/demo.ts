#!/usr/bin/env node
/** `npm run demo`: an installation with an empty data folder, and the machine it runs on enrolled by the real agent in read-only mode. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `Muster needs Node 24 or newer; this is ${process.version}. Start it with "npm run demo", which brings its own.`,
  )
  process.exit(1)
}
const serverMain = fileURLToPath(import.meta.resolve('@muster/server/main'))
const agentMain = fileURLToPath(import.meta.resolve('@muster/agent/main'))
const fleetMain = fileURLToPath(import.meta.resolve('@muster/fleet/main'))
/** Simulated devices beside the real one. */
const simulated = 50
const client = { id: 'demo', secret: randomBytes(24).toString('base64url') }
const password = process.env.MUSTER_ADMIN_PASSWORD || randomBytes(12).toString('base64url')
const children: ChildProcess[] = []
/** Stops everything that was started, removes what was made, and ends with the code. */
let ending: (code: number) => Promise<void> = async (code) => process.exit(code)
let stopping = false
/** A child that has not ended by then is ended. */
const patienceMs = 15_000
const started = Date.now()

const say = (text: string) => console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`)

async function main(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-demo-'))
  // PostgreSQL never runs as root: its own user must be able to pass through.
  await chmod(dataDir, 0o711)
  ending = end(dataDir)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void ending(0))
  const http = await freePort(Number(process.env.MUSTER_HTTP_PORT ?? 8080))
  const https = await freePort(Number(process.env.MUSTER_HTTPS_PORT ?? 8443))
  const url = `http://localhost:${http}`

  say(`starting the server with an empty data folder (${dataDir})`)
  const server = start(serverMain, [], {
    MUSTER_HTTP_PORT: String(http),
    MUSTER_HTTPS_PORT: String(https),
    MUSTER_PUBLIC_URL: url,
    MUSTER_DATA: dataDir,
    MUSTER_ADMIN_PASSWORD: password,
    MUSTER_BOOTSTRAP_CLIENT: `${client.id}:${client.secret}`,
    MUSTER_ORGANISATION: 'Demo Company',
    MUSTER_LOG_LEVEL: process.env.MUSTER_LOG_LEVEL ?? 'warn',
    DATABASE_URL: '',
  })
  server.once('exit', (code, signal) => {
    if (stopping) return
    console.error(`The server ended by itself (${code ?? signal}). What it said is above.`)
    void ending(1)
  })
  await ready(url)
  say('the server is ready; enrolling this machine with the agent, read-only')
  const { code } = await invite(url)
  const agentState = { MUSTER_AGENT_STATE: join(dataDir, 'agent') }
  await finished(
    start(agentMain, ['enroll', '--server', url, '--code', code, '--read-only', '--yes'], agentState, 'ignore'),
  )
  start(agentMain, ['run'], agentState, 'ignore')
  const device = await firstDevice(url)
  say(
    `enrolled: ${device.name || device.id} (${device.osName ?? 'Linux'} ${device.osVersion ?? ''}), reporting every change and changing nothing`,
  )
  const fleet = ['--server', url, '--devices', String(simulated), '--preset', 'usual', '--quiet']
  start(fleetMain, fleet, { MUSTER_BOOTSTRAP_CLIENT: `${client.id}:${client.secret}` }, 'ignore')
  say(
    `${simulated} simulated devices enrol beside it in the next seconds; they drift, fail and fall silent as real ones do`,
  )
  console.log(`
  Open       ${url}
  User       admin
  Password   ${password}
  Device     ${url}/devices/${device.id}

  Also on    https://localhost:${https} (certificate of Muster's own authority)
  From here  MUSTER_URL=${url} npx muster login && MUSTER_URL=${url} npx muster devices
  Stop with  Ctrl+C; everything is stopped and the data folder removed.
`)
}

function start(
  file: string,
  args: string[],
  env: Record<string, string>,
  stdout: 'inherit' | 'ignore' = 'inherit',
): ChildProcess {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', stdout, 'inherit'],
  })
  children.push(child)
  return child
}

function finished(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) =>
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`the agent could not enrol (exit code ${code})`)),
    ),
  )
}

/** The wished port, or any other when it is taken. */
function freePort(wished: number): Promise<number> {
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      const s = createServer()
      s.once('error', reject)
      s.listen(port, () => {
        const { port: got } = s.address() as { port: number }
        s.close(() => resolve(got))
      })
    })
  return listen(wished).catch(() => listen(0))
}

async function ready(url: string): Promise<void> {
  const end = Date.now() + 90_000
  while (Date.now() < end) {
    if (
      await fetch(`${url}/readyz`).then(
        (r) => r.ok,
        () => false,
      )
    )
      return
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  throw new Error('the server was not ready within 90 seconds')
}

async function call<T>(url: string, path: string, init: RequestInit): Promise<T> {
  const response = await fetch(`${url}${path}`, init)
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}

async function bearer(url: string): Promise<string> {
  const { access_token } = await call<{ access_token: string }>(url, '/oauth2/token', {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  })
  return `Bearer ${access_token}`
}

async function invite(url: string): Promise<{ code: string }> {
  return call(url, '/api/v1/invitations', {
    method: 'POST',
    headers: { authorization: await bearer(url), 'content-type': 'application/json' },
    body: JSON.stringify({ platform: 'linux', ownership: 'cope' }),
  })
}

interface Device {
  id: string
  name: string
  osName: string | null
  osVersion: string | null
}
async function firstDevice(url: string): Promise<Device> {
  const { items } = await call<{ items: Device[] }>(url, '/api/v1/devices', {
    headers: { authorization: await bearer(url) },
  })
  const [device] = items
  if (!device) throw new Error('the device does not show')
  return device
}

function end(dataDir: string): (code: number) => Promise<void> {
  let over: Promise<void> | undefined
  return (code) => {
    over ??= (async () => {
      stopping = true
      if (code === 0) say('stopping')
      for (const child of children) child.kill('SIGTERM')
      const late = setTimeout(() => {
        for (const child of children) child.kill('SIGKILL')
      }, patienceMs)
      await Promise.all(children.map(gone))
      clearTimeout(late)
      await rm(dataDir, { recursive: true, force: true })
      say(`stopped; ${dataDir} is removed`)
      process.exit(code)
    })()
    return over
  }
}

function gone(child: ChildProcess): Promise<unknown> | undefined {
  const ended = child.exitCode !== null || child.signalCode !== null
  return ended ? undefined : new Promise((resolve) => child.once('exit', resolve))
}

main().catch(async (error: unknown) => {
  // Whoever stopped it need not hear that what was under way was cut off.
  if (!stopping) console.error(error instanceof Error ? error.message : error)
  await ending(1)
})
