/** A platform's set-up over the wire: who may, what is refused with which words, and what the audit and the metrics keep of it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Json } from '@muster/contract'
import { installedPlatforms } from '../platforms.ts'
import { startTestServer, type TestServer } from '../testing.ts'

interface Setup {
  items: {
    platform: string
    steps: {
      id: string
      title: string
      summary: string
      state: string
      text: string
      actions: { id: string; title: string; summary: string; available: boolean }[]
    }[]
  }[]
}

describe('the set-up of platforms', () => {
  let t: TestServer
  before(async () => {
    t = await startTestServer({ platforms: installedPlatforms })
  })
  after(() => t?.stop())
  const path = '/platform-setup/apple/push-certificate'

  it('is listed by platform and step, each action with its schema', async () => {
    const { items } = await t.api<Setup>(200, 'GET', '/platform-setup')
    const step = items.find((p) => p.platform === 'apple')?.steps[0]
    assert.deepEqual([step?.id, step?.state], ['push-certificate', 'missing'])
    assert.deepEqual(
      step?.actions.map((a) => `${a.id} ${a.available}`),
      ['request true', 'upload false', 'import true'],
    )
  })
  it('is said in the reader’s language, and so is what is refused and what is answered', async () => {
    const of = (language: string) =>
      t.api<Setup>(200, 'GET', '/platform-setup', { headers: { 'accept-language': language } })
    const [english, german] = await Promise.all(['en', 'de-CH,en;q=0.5'].map(of))
    const steps = (s: Setup | undefined) => s?.items.flatMap((p) => p.steps) ?? []
    assert.deepEqual(
      steps(german).map((s) => s.id),
      steps(english).map((s) => s.id),
    )
    for (const [i, step] of steps(english).entries()) {
      const other = steps(german)[i]
      assert.notEqual(other?.summary, step.summary)
      assert.notEqual(other?.text, step.text)
      for (const [n, a] of step.actions.entries()) assert.notEqual(other?.actions[n]?.title, a.title)
    }
    const headers = { 'accept-language': 'de' }
    const body = { input: { certificate: 'YQ==' } }
    const refused = await t.api<{ reason: unknown }>(422, 'POST', `${path}/upload`, { body, headers })
    assert.deepEqual(refused.reason, {
      code: 'no-request',
      text: 'Keine Anforderung ist offen. Holen Sie zuerst die Anforderung, und lassen Sie das Zertifikat dafür ausstellen.',
    })
    const plain = await t.api<{ reason: { text: string } }>(422, 'POST', `${path}/upload`, { body })
    assert.match(plain.reason.text, /^No request is open/)
  })
  it('is for those who may write platforms alone', async () => {
    const token = await t.tokenWith('platform:read', 'configuration:write')
    await t.api(403, 'GET', '/platform-setup', { token })
    await t.api(403, 'POST', `${path}/request`, { token, body: { input: {} } })
  })
  it('refuses in words, and never by a fault', async () => {
    const refused = await t.api<{ code: string; reason: { code: string; text: string } }>(
      422,
      'POST',
      `${path}/upload`,
      {
        body: { input: { certificate: 'YQ==' } },
      },
    )
    assert.deepEqual([refused.code, refused.reason.code], ['setup-refused', 'no-request'])
    const wrong: Json[] = [
      { certificate: '!' },
      { certificate: 1 },
      { other: 1 },
      { certificate: 'YQ==', otherTopic: 'yes' },
    ]
    for (const input of wrong) await t.api(400, 'POST', `${path}/upload`, { body: { input } })
    await t.api(400, 'POST', `${path}/upload`, { body: { inputs: {} } })
    await t.api(404, 'POST', `${path}/never`, { body: {} })
    await t.api(404, 'POST', '/platform-setup/apple/never/request', { body: {} })
    await t.api(404, 'POST', '/platform-setup/linux/push-certificate/request', { body: {} })
    await t.api(422, 'POST', '/platform-setup/nobody/push-certificate/request', { body: {} })
    await t.api(400, 'POST', '/platform-setup/..%2f/x/y', { body: {} })
  })
  it('gives files, and the audit keeps who did it; what was refused left no trace', async () => {
    const made = await t.api<{ files: { name: string; content: string }[] }>(200, 'POST', `${path}/request`, {
      body: {},
    })
    assert.match(Buffer.from(made.files[0]?.content ?? '', 'base64').toString(), /BEGIN CERTIFICATE REQUEST/)
    const { items } = await t.api<{ items: { detail: { action: string } }[] }>(200, 'GET', '/audit?act=platform.setup')
    assert.deepEqual(
      items.map((e) => e.detail.action),
      ['request'],
    )
  })
  it('wakes are counted for the metrics', async () => {
    const { body } = await t.call('GET', '/metrics')
    assert.match(String(body), /muster_push_total\{outcome="sent"\} 0/)
  })
})
