/**
 * The main job, end to end with a real server and a real agent process: the ten push steps and the pull mechanism by name,
 * then a policy that reaches the device, drift put in by hand, found, and corrected.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type {
  Activity,
  ActivityCreated,
  ApiClientPage,
  AuditPage,
  AuditVerified,
  Device,
  DeviceCompliance,
  DevicePage,
  EffectiveFeature,
  EffectivePolicy,
  InvitationCreated,
  MessagePage,
  OperationPage,
  Policy,
  PolicyPage,
} from '@muster/client'
import { makeDebianTree } from './debian-tree.ts'
import { type EventStream, openEventStream } from './event-stream.ts'
import { agentMain, type Installation, install } from './installation.ts'
import { type Running, run, runToEnd, until } from './processes.ts'

const factsIn = (result: unknown) => (result as { facts: number } | null)?.facts ?? 0

describe('main job', { timeout: 240_000 }, () => {
  let muster: Installation
  let stream: EventStream
  let root: string
  let agent: Running
  let device: string
  let activity: { id: string; targets: number }

  before(async () => {
    muster = await install()
    root = await mkdtemp(join(tmpdir(), 'muster-tree-'))
    await makeDebianTree(root)
    stream = await openEventStream(muster.url, await muster.token())
  })
  after(async () => {
    await agent?.stop()
    await stream?.close()
    await muster?.close()
    await rm(root, { recursive: true, force: true })
  })
  const told = (type: string, about: (data: Record<string, unknown>) => boolean) =>
    until(`the event ${type}`, async () => stream.seen.find((e) => e.type === type && about(e.data)), {
      last: () => stream.seen.map((e) => e.type),
    })
  const operation = async () =>
    (await muster.api<OperationPage>('GET', `/devices/${device}/operations`)).items.find(
      (o) => o.activity === activity.id,
    )
  const setting = async (feature: string) =>
    (await muster.api<EffectivePolicy>('GET', `/devices/${device}/effective-policy`)).features.find(
      (f) => f.feature === feature,
    )

  describe('enrolment', () => {
    it('an invitation is made, and the agent goes server -> code -> licence -> ownership -> done', async () => {
      const { code, url } = await muster.api<InvitationCreated>('POST', '/invitations', {
        platform: 'linux',
        ownership: 'cope',
      })
      assert.match(url, /\/enrol\//)
      const output = await runToEnd(agentMain, [
        'enroll',
        '--server',
        muster.url,
        '--code',
        code,
        '--root',
        root,
        '--yes',
      ])
      assert.match(output, /done/i)
      const { items } = await muster.api<DevicePage>('GET', '/devices')
      assert.equal(items.length, 1)
      device = items[0]?.id ?? ''
      assert.equal(items[0]?.lifecycle, 'active')
      assert.equal(items[0]?.ownership, 'cope')
      await told('device.enrolled', (d) => d.device === device)
    })

    it('a used code enrols nobody else', async () => {
      const { code } = await muster.api<InvitationCreated>('POST', '/invitations', {
        platform: 'linux',
        ownership: 'cope',
      })
      const other = await mkdtemp(join(tmpdir(), 'muster-tree-'))
      await makeDebianTree(other)
      await writeFile(join(other, 'etc/machine-id'), 'aaaabbbbccccddddaaaabbbbccccdddd\n')
      await runToEnd(agentMain, ['enroll', '--server', muster.url, '--code', code, '--root', other, '--yes'])
      const third = await mkdtemp(join(tmpdir(), 'muster-tree-'))
      await makeDebianTree(third)
      const refused = run(agentMain, ['enroll', '--server', muster.url, '--code', code, '--root', third, '--yes'])
      assert.notEqual(await refused.ended, 0)
      assert.match(refused.output(), /code/i)
      assert.equal((await muster.api<DevicePage>('GET', '/devices')).items.length, 2)
      await rm(other, { recursive: true, force: true })
      await rm(third, { recursive: true, force: true })
    })
  })

  describe('pull', () => {
    it('a device that polls fetches what waits, executes it and reports, without ever being woken', async () => {
      activity = await muster.api<ActivityCreated>('POST', '/activities', {
        operation: 'device.inventory',
        params: {},
        target: { devices: [device] },
      })
      assert.equal((await operation())?.state, 'pending')
      await runToEnd(agentMain, ['run', '--once', '--root', root])
      const done = await operation()
      assert.equal(done?.state, 'completed')
      assert.ok(factsIn(done?.result) > 0)
      const page = await muster.api<Device>('GET', `/devices/${device}`)
      assert.equal(page.osName, 'Debian GNU/Linux')
      assert.equal(page.osVersion, '12')
      // Last-seen times are written every few seconds, not with each poll.
      await until(
        'the device to count as reachable',
        async () => (await muster.api<Device>('GET', `/devices/${device}`)).liveness === 'reachable',
      )
    })

    it('a repeat of the request with its Idempotency-Key makes no second activity', async () => {
      const body = { operation: 'device.inventory', params: {}, target: { devices: [device] } }
      const one = await muster.api<ActivityCreated>('POST', '/activities', body, { 'idempotency-key': 'once-only' })
      const two = await muster.api<ActivityCreated>('POST', '/activities', body, { 'idempotency-key': 'once-only' })
      assert.equal(one.id, two.id)
      await runToEnd(agentMain, ['run', '--once', '--root', root])
    })
  })

  describe('push, in ten steps', () => {
    it('0. the agent runs and holds a long poll', async () => {
      agent = run(agentMain, ['run', '--root', root])
      await until(
        'the agent to be seen',
        async () => (await muster.api<Device>('GET', `/devices/${device}`)).liveness === 'reachable',
      )
    })
    let sentAt = 0
    it('1. the administrator sends an operation to the device', async () => {
      sentAt = Date.now()
      activity = await muster.api<ActivityCreated>('POST', '/activities', {
        operation: 'device.inventory',
        params: {},
        target: { devices: [device] },
      })
      assert.equal(activity.targets, 1)
    })
    it('2. the gateway lets in only who may send it', async () => {
      const refused = await fetch(`${muster.url}/api/v1/activities`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ operation: 'device.inventory', params: {}, target: { all: true } }),
      })
      assert.equal(refused.status, 401)
      assert.equal(refused.headers.get('content-type')?.split(';')[0], 'application/problem+json')
    })
    it('3. it is durable with its audit record before the answer', async () => {
      const { items } = await muster.api<AuditPage>('GET', '/audit')
      assert.ok(items.some((e) => e.act === 'operation.device.inventory' && e.subject === `activity:${activity.id}`))
    })
    it('4. the event reaches every node and the administrator', async () => {
      await told('activity.created', (d) => String(d.activity) === activity.id)
    })
    it('5. the device is woken: its held poll is answered at once', async () => {
      await until('the operation to leave', async () => (await operation())?.state !== 'pending')
    })
    it('6. the device speaks with its own OAuth client', async () => {
      const { items } = await muster.api<ApiClientPage>('GET', '/clients')
      assert.ok(
        items.every((c) => c.id !== device),
        'device clients are not API clients',
      )
    })
    it('7. it is handed the operation once, marked as sent', async () => assert.equal((await operation())?.attempts, 1))
    it('8. it executes it and reports', async () => {
      const done = await until('the result', async () => {
        const o = await operation()
        return o?.state === 'completed' && o
      })
      assert.ok(factsIn(done?.result) > 0)
    })
    it('9. the reply is kept: history, counts and message log agree', async () => {
      const a = await muster.api<Activity>('GET', `/activities/${activity.id}`)
      assert.deepEqual(a.counts, { completed: 1 })
      const { items } = await muster.api<MessagePage>('GET', `/devices/${device}/messages`)
      assert.ok(items.some((m) => m.direction === 'in'))
      assert.ok(items.some((m) => m.direction === 'out'))
    })
    it('10. the administrator sees it, live', async () => {
      await told('operations.changed', (d) =>
        (d.rows as [number, number, string][]).some(
          (r: [number, number, string]) => String(r[1]) === activity.id && r[2] === 'completed',
        ),
      )
      assert.ok(Date.now() - sentAt < 40_000, 'long before the poll would have ended by itself')
    })
  })

  describe('policy', () => {
    const banner = 'Property of Example Ltd.'
    it('a published policy reaches the device and is verified by what it reports', async () => {
      const policy = await muster.api<Policy>('POST', '/policies', {
        name: 'Kiosks',
        platform: 'linux',
        features: [
          { feature: 'linux.banner', settings: { text: banner, where: ['console', 'network'] } },
          { feature: 'linux.ssh', settings: { permitRootLogin: 'no', maxAuthTries: 3 } },
          { feature: 'passcode', settings: { minLength: 12, maxAgeDays: 90 } },
        ],
      })
      await muster.api('POST', `/policies/${policy.id}/publish`)
      for (const feature of ['linux.banner', 'linux.ssh', 'passcode']) {
        let now: EffectiveFeature | undefined
        const f = await until(
          `${feature} to be verified`,
          async () => {
            now = await setting(feature)
            return now?.state === 'verified' && now
          },
          { withinMs: 30_000, last: () => now },
        )
        assert.equal(f.policy?.name, 'Kiosks')
        assert.equal(f.policy?.version, 1)
      }
      assert.match(await readFile(join(root, 'etc/issue'), 'utf8'), new RegExp(banner))
      assert.match(await readFile(join(root, 'etc/ssh/sshd_config.d/00-muster.conf'), 'utf8'), /PermitRootLogin no/)
      assert.match(await readFile(join(root, 'etc/login.defs'), 'utf8'), /PASS_MAX_DAYS\s+90/)
      assert.equal((await muster.api<DeviceCompliance>('GET', `/devices/${device}/compliance`)).state, 'compliant')
    })

    it('drift put in by hand is found and corrected', async () => {
      await writeFile(join(root, 'etc/ssh/sshd_config.d/00-muster.conf'), 'PermitRootLogin yes\n')
      await told('compliance.changed', (d) => (d.devices as string[]).includes(device))
      await until(
        'the file to be put right',
        async () =>
          /PermitRootLogin no/.test(await readFile(join(root, 'etc/ssh/sshd_config.d/00-muster.conf'), 'utf8')),
        { withinMs: 60_000 },
      )
      await until('the setting to be verified again', async () => (await setting('linux.ssh'))?.state === 'verified', {
        withinMs: 30_000,
      })
      assert.equal((await muster.api<DeviceCompliance>('GET', `/devices/${device}/compliance`)).state, 'compliant')
    })

    it('monitoring finds drift and changes nothing', async () => {
      const { items } = await muster.api<PolicyPage>('GET', '/policies')
      const current = await muster.ask<Policy>('GET', `/policies/${items[0]?.id}`)
      const { name, description, assignment, features } = current.body
      const actions: Record<string, string> = { 'linux.banner': 'monitor', 'linux.ssh': 'warn' }
      const watched = features.map((f) => ({ ...f, action: actions[f.feature] ?? 'enforce' }))
      await muster.api(
        'PUT',
        `/policies/${items[0]?.id}`,
        { name, description, assignment, features: watched },
        { 'if-match': `"${current.body.revision}"` },
      )
      await muster.api('POST', `/policies/${items[0]?.id}/publish`)
      await writeFile(join(root, 'etc/issue'), 'Somebody was here\n')
      await until(
        'the violation to be known',
        async () =>
          (await muster.api<DeviceCompliance>('GET', `/devices/${device}/compliance`)).features.some(
            (f) => f.feature === 'linux.banner' && f.state === 'violated',
          ),
        { withinMs: 60_000 },
      )
      assert.equal(await readFile(join(root, 'etc/issue'), 'utf8'), 'Somebody was here\n')
    })

    it('warning tells the people at the device, and changes nothing', async () => {
      const file = join(root, 'etc/ssh/sshd_config.d/00-muster.conf')
      await writeFile(file, 'PermitRootLogin yes\n')
      const message = await until(
        'the message to the device',
        async () =>
          (await muster.api<OperationPage>('GET', `/devices/${device}/operations`)).items.find(
            (o) => o.operation === 'device.message' && o.actor === 'system',
          ),
        { withinMs: 60_000 },
      )
      assert.match(String(message.params.text), /SSH hardening/)
      assert.equal(await readFile(file, 'utf8'), 'PermitRootLogin yes\n')
    })

    it('when the policy goes, what Muster did is undone', async () => {
      const { items } = await muster.api<PolicyPage>('GET', '/policies')
      await muster.api('POST', `/policies/${items[0]?.id}/deactivate`)
      await until(
        'the settings to be gone',
        async () =>
          (await muster.api<EffectivePolicy>('GET', `/devices/${device}/effective-policy`)).features.length === 0,
        { withinMs: 30_000 },
      )
      assert.match(await readFile(join(root, 'etc/login.defs'), 'utf8'), /PASS_MAX_DAYS\s+99999/)
    })
  })

  describe('leaving', () => {
    it('a disenrolled device is let go, its credentials die, its history stays', async () => {
      await muster.api('DELETE', `/devices/${device}`)
      assert.equal(
        await Promise.race([agent.ended, new Promise((resolve) => setTimeout(() => resolve('still running'), 30_000))]),
        0,
        agent.output(),
      )
      const page = await until('the device to be removed', async () => {
        const d = await muster.api<Device>('GET', `/devices/${device}`)
        return d.lifecycle === 'removed' && d
      })
      assert.equal(page.enrolment?.state, 'removed')
      assert.ok((await muster.api<OperationPage>('GET', `/devices/${device}/operations`)).items.length > 2)
    })

    it('the audit chain holds', async () => {
      const verified = await until('everything to be sealed', async () => {
        const v = await muster.api<AuditVerified>('GET', '/audit/verify')
        return v.ok && v
      })
      assert.ok((verified.entries ?? 0) > 5)
    })
  })
})
