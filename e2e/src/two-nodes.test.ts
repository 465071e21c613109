/** Two processes on one database behave as one: whatever is done at one is true at the other. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Activity, ActivityCreated, Device, DevicePage, InvitationCreated } from '@muster/client'
import { type TestDatabase, testDatabase } from '@muster/core/testing'
import { makeDebianTree } from './debian-tree.ts'
import { openEventStream } from './event-stream.ts'
import { agentMain, type Installation, install } from './installation.ts'
import { type Running, run, runToEnd, until } from './processes.ts'

describe('two nodes', { timeout: 300_000 }, () => {
  let database: TestDatabase
  let one: Installation
  let two: { url: string; server: Running }
  let root: string
  let agent: Running | undefined
  let device: string

  before(async () => {
    database = await testDatabase({ migrated: false })
    one = await install({ DATABASE_URL: database.url, MUSTER_ROLES: 'api,worker' })
    two = await one.secondNode({ MUSTER_ROLES: 'devices' })
    root = await mkdtemp(join(tmpdir(), 'muster-tree-'))
    await makeDebianTree(root)
  })
  after(async () => {
    await agent?.stop()
    await one?.close()
    await database?.close()
    await rm(root, { recursive: true, force: true })
  })

  it('a device enrols at the node for devices and shows at the node for administrators', async () => {
    const { code } = await one.api<InvitationCreated>('POST', '/invitations', { platform: 'linux', ownership: 'cope' })
    await runToEnd(agentMain, ['enroll', '--server', two.url, '--code', code, '--root', root, '--yes'])
    const { items } = await one.api<DevicePage>('GET', '/devices')
    assert.equal(items.length, 1)
    device = items[0]?.id ?? ''
  })

  it('each node serves its own roles only', async () => {
    assert.equal(
      (await fetch(`${two.url}/api/v1/devices`, { headers: { authorization: `Bearer ${await one.token()}` } })).status,
      404,
    )
    assert.equal((await fetch(`${one.url}/linux/agent/about`)).status, 404)
    assert.equal((await fetch(`${two.url}/linux/agent/about`)).status, 200)
  })

  it('an operation sent at one wakes the long poll held at the other, and its end is told at the first', async () => {
    agent = run(agentMain, ['run', '--root', root])
    await until(
      'the agent to hold its poll',
      async () => (await one.api<Device>('GET', `/devices/${device}`)).liveness === 'reachable',
    )
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const stream = await openEventStream(one.url, await one.token())
    const sent = Date.now()
    const activity = await one.api<ActivityCreated>('POST', '/activities', {
      operation: 'device.inventory',
      params: {},
      target: { devices: [device] },
    })
    await until(
      'the result',
      async () => (await one.api<Activity>('GET', `/activities/${activity.id}`)).counts.completed === 1,
      { everyMs: 20, withinMs: 40_000 },
    )
    assert.ok(Date.now() - sent < 20_000, `took ${Date.now() - sent} ms`)
    await until('the event', async () =>
      stream.seen.some((e) => e.type === 'operations.changed' && JSON.stringify(e.data).includes('completed')),
    )
    await stream.close()
  })

  it('a disenrolment at one node ends the token at the other', async () => {
    await one.api('DELETE', `/devices/${device}`)
    const code = await Promise.race([
      agent?.ended,
      new Promise((resolve) => setTimeout(() => resolve('still running'), 30_000)),
    ])
    assert.equal(code, 0, agent?.output())
    assert.equal((await one.api<Device>('GET', `/devices/${device}`)).lifecycle, 'removed')
  })

  it('the node that did the recurring work goes, and the rest still stands', async () => {
    const three = await one.secondNode({ MUSTER_ROLES: 'api,devices,worker' })
    await one.server.stop()
    const answer = await fetch(`${three.url}/api/v1/devices/${device}`, {
      headers: { authorization: `Bearer ${await one.token()}` },
    })
    assert.equal(answer.status, 200)
    await until('the new worker to seal the audit', async () => {
      const r = await fetch(`${three.url}/api/v1/audit/verify`, {
        headers: { authorization: `Bearer ${await one.token()}` },
      })
      return r.ok && ((await r.json()) as { ok: boolean }).ok
    })
  })
})
