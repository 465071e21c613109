/** How an agent's enrolment ends although its farewell never comes, and how it goes on although the server signs with another key. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { agentChannel } from '@muster/contract'
import { rotateSigningKey } from '@muster/core'
import { type TestDatabase, testDatabase } from '@muster/core/testing'
import { makeDebianTree } from './debian-tree.ts'
import { agentMain, type Installation, install } from './installation.ts'
import { runToEnd, until } from './processes.ts'

interface State {
  link: { server: string }
  token: { value: string }
  sequence: number
  signingKeys: { kid: string }[]
}
interface Operation {
  activity: string
  state: string
  reason?: { code: string }
}

describe('the end of an enrolment, and a new signing key', { timeout: 240_000 }, () => {
  let database: TestDatabase
  let muster: Installation
  const roots: string[] = []

  before(async () => {
    database = await testDatabase({ migrated: false })
    muster = await install({ DATABASE_URL: database.url })
  })
  after(async () => {
    await muster?.close()
    await database?.close()
    for (const root of roots) await rm(root, { recursive: true, force: true })
  })

  async function enrolled() {
    const root = await mkdtemp(join(tmpdir(), 'muster-ends-'))
    roots.push(root)
    await makeDebianTree(root)
    // Another machine each time.
    const id = Array.from({ length: 32 }, () => Math.floor(Math.random() * 16).toString(16)).join('')
    await writeFile(join(root, 'etc/machine-id'), `${id}\n`)
    const invitation = { platform: 'linux', ownership: 'cope' }
    const { code } = await muster.api<{ code: string }>('POST', '/invitations', invitation)
    await runToEnd(agentMain, ['enroll', '--server', muster.url, '--code', code, '--root', root, '--yes'])
    await runToEnd(agentMain, ['run', '--once', '--root', root])
    const file = join(root, 'var/lib/muster-agent/agent.json')
    const state = async () => JSON.parse(await readFile(file, 'utf8')) as State & { device: string }
    return { root, file, state, device: (await state()).device }
  }
  const lifecycle = async (device: string) =>
    (await muster.api<{ lifecycle: string }>('GET', `/devices/${device}`)).lifecycle
  const send = async (device: string, operation: string, params: object = {}) =>
    (await muster.api<{ id: string }>('POST', '/activities', { operation, params, target: { devices: [device] } })).id
  async function operationOf(device: string, activity: string): Promise<Operation | undefined> {
    const { items } = await muster.api<{ items: Operation[] }>('GET', `/devices/${device}/operations`)
    return items.find((o) => o.activity === activity)
  }

  /** Speaks as the agent would, and then never again. */
  async function say(state: State, path: string, body: object): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${muster.url}/linux/agent/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${state.token.value}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  const at = () => new Date().toISOString()

  it('told as done, the enrolment is over; the farewell may stay away', async () => {
    const { device, state } = await enrolled()
    const held = await state()
    const activity = await send(device, 'device.disenrol')
    const { body } = await say(held, 'sync', { sequence: held.sequence, at: at(), take: 5 })
    const { deliveries } = agentChannel.SyncAnswer.parse(body)
    const delivery = deliveries.find((d) => d.name === 'device.disenrol')
    assert.ok(delivery)
    const results = [{ id: delivery.id, state: 'completed', result: {} }]
    await say(held, 'sync', { sequence: held.sequence + 1, at: at(), take: 0, results })
    await until('the enrolment to be over', async () => (await lifecycle(device)) === 'removed', { withinMs: 60_000 })
    assert.equal((await operationOf(device, activity))?.state, 'completed')
    // Whoever holds the credentials now gets nowhere with them.
    await until('the credentials to be dead', async () => {
      const { status } = await say(held, 'sync', { sequence: held.sequence + 2, at: at(), take: 5 })
      return status === 410 || status === 401
    })
  })

  it('a server with a new signing key is still believed, by the word of the old one', async () => {
    const { device, root, file, state } = await enrolled()
    const before = (await state()).signingKeys.map((k) => k.kid)
    const { from, to } = await rotateSigningKey(join(muster.dataDir, 'keys', 'commands.pem'))
    assert.deepEqual(before, [from])
    const node = await muster.secondNode()
    await writeFile(file, JSON.stringify({ ...(await state()), link: { server: node.url } }))
    const api = async <T>(method: string, path: string, body?: object): Promise<T> => {
      const response = await fetch(`${node.url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${await muster.token()}`, 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      })
      assert.ok(response.ok, `${method} ${path} answered ${response.status}`)
      return (await response.json()) as T
    }
    const script = { script: 'true', interpreter: 'sh', timeoutS: 10 }
    const target = { devices: [device] }
    const { id } = await api<{ id: string }>('POST', '/activities', { operation: 'script.run', params: script, target })
    await until(
      'the script to be judged',
      async () => {
        await runToEnd(agentMain, ['run', '--once', '--root', root])
        const { items } = await api<{ items: Operation[] }>('GET', `/devices/${device}/operations`)
        const mine = items.find((o) => o.activity === id)
        // The signature was good: a mounted tree runs no scripts, and that alone is said.
        return mine?.state === 'failed' && mine.reason?.code === 'not-applicable'
      },
      { withinMs: 60_000, everyMs: 500 },
    )
    assert.deepEqual(
      (await state()).signingKeys.map((k) => k.kid),
      [to],
    )
  })
})
