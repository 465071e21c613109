/** Over HTTPS with a certificate of Muster's own authority, the command from the enrolment page is all that an agent needs. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { DevicePage, EnrolmentTerms, InvitationCreated } from '@muster/client'
import { makeDebianTree } from './debian-tree.ts'
import { freePorts } from './free-port.ts'
import { agentMain, type Installation, install } from './installation.ts'
import { run, runToEnd } from './processes.ts'

describe('pinned TLS', { timeout: 300_000 }, () => {
  let muster: Installation
  let root: string
  before(async () => {
    const [https] = await freePorts(1)
    muster = await install({ MUSTER_HTTPS_PORT: String(https), MUSTER_PUBLIC_URL: `https://127.0.0.1:${https}` })
    root = await mkdtemp(join(tmpdir(), 'muster-tree-'))
    await makeDebianTree(root)
  })
  after(async () => {
    await muster?.close()
    await rm(root, { recursive: true, force: true })
  })

  it('the enrolment page names the server with the fingerprint to trust', async () => {
    const { code } = await muster.api<InvitationCreated>('POST', '/invitations', {
      platform: 'linux',
      ownership: 'byod',
    })
    const terms = await muster.api<EnrolmentTerms>('GET', `/enrolments/${code}`)
    const command = terms.steps.find((s) => s.command?.includes('enroll'))?.command ?? ''
    const server = /--server (\S+)/.exec(command)?.[1] ?? ''
    assert.match(server, /^https:\/\/127\.0\.0\.1:\d+#[0-9a-f]{64}$/)

    const wrong = run(agentMain, [
      'enroll',
      '--server',
      server.replace(/#.*/, `#${'0'.repeat(64)}`),
      '--code',
      code,
      '--root',
      root,
      '--yes',
    ])
    assert.notEqual(await wrong.ended, 0)
    assert.match(wrong.output(), /fingerprint/)
    assert.equal((await muster.api<DevicePage>('GET', '/devices')).items.length, 0)

    await runToEnd(agentMain, ['enroll', '--server', server, '--code', code, '--root', root, '--yes'])
    await runToEnd(agentMain, ['run', '--once', '--root', root])
    assert.equal((await muster.api<DevicePage>('GET', '/devices')).items[0]?.lifecycle, 'active')
  })
})
