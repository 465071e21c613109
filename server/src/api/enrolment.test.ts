/** Invitations and enrolment over HTTP: a code lets exactly one device in, once, while it is good. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestServer, type TestServer } from '../testing.ts'

type Made = { id: string; code: string; url: string; expiresAt: string }

describe('enrolment', () => {
  let t: TestServer
  before(async () => {
    t = await startTestServer({ organisation: 'Example Ltd' })
  })
  after(() => t.stop())
  const invite = (more: object = {}) =>
    t.api<Made>(201, 'POST', '/invitations', { body: { platform: 'linux', ownership: 'cope', ...more } as never })
  const look = (code: string, language = 'en') =>
    t.call<{ code: string; steps: { command?: string }[]; organisation: string; licence?: { text: string } }>(
      'GET',
      `/api/v1/enrolments/${code}`,
      { token: null, headers: { 'accept-language': language } },
    )
  const register = (code: string, id: string) =>
    t.call<{ code: string; client_id: string }>('POST', '/oauth2/reg', {
      token: code,
      body: {
        grant_types: ['client_credentials'],
        muster_platform: 'linux',
        muster_identifiers: [{ kind: 'machine-id', value: id }],
        software_id: 'test',
        software_version: '1',
      },
    })

  it('shows the person who enrols what the code gives and how to use it', async () => {
    const made = await invite({ user: 'admin', expiresIn: 3600 })
    assert.equal(made.url, `${t.server.publicUrl}/enrol/${made.code}`)
    assert.ok(Math.abs(Date.parse(made.expiresAt) - Date.now() - 3_600_000) < 60_000)
    const { status, body } = await look(made.code)
    assert.deepEqual([status, body.organisation], [200, 'Example Ltd'])
    assert.ok(body.steps.some((s) => s.command?.includes(made.code)))
    const list = await t.api<{ items: { id: string; state: string; user: { name: string } }[] }>(
      200,
      'GET',
      '/invitations',
    )
    assert.deepEqual([list.items[0]?.state, list.items[0]?.user.name], ['open', 'admin'])
    assert.ok(!JSON.stringify(list).includes(made.code), 'the code is shown once')
  })
  it('shows the licence in the language asked for', async () => {
    await t.api(201, 'POST', '/licences', { body: { platform: 'linux', language: 'en', version: '1', text: 'Terms' } })
    await t.api(201, 'POST', '/licences', {
      body: { platform: 'linux', language: 'de', version: '1', text: 'Bedingungen' },
    })
    await t.api(409, 'POST', '/licences', { body: { platform: 'linux', language: 'de', version: '1', text: 'Andere' } })
    await t.api(422, 'POST', '/licences', { body: { platform: 'amiga', language: 'de', version: '1', text: 'x' } })
    const { code } = await invite()
    assert.equal((await look(code, 'de-AT, en;q=0.5')).body.licence?.text, 'Bedingungen')
    assert.equal((await look(code, 'fr')).body.licence?.text, 'Terms')
    assert.equal((await look(code, '*')).status, 200)
    assert.equal((await t.api<{ items: unknown[] }>(200, 'GET', '/licences?platform=linux')).items.length, 2)
  })
  it('lets exactly one of raced devices in', async () => {
    const { code, id } = await invite()
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => register(code, `racer-${i}`)))
    assert.equal(answers.filter((a) => a.status === 201).length, 1)
    for (const lost of answers.filter((a) => a.status !== 201)) assert.equal(lost.body.code, 'invitation-used')
    assert.equal((await look(code)).body.code, 'invitation-used')
    const list = await t.api<{ items: { id: string; state: string }[] }>(200, 'GET', '/invitations?state=used')
    assert.ok(list.items.some((i) => i.id === id))
    assert.equal((await t.api<{ code: string }>(409, 'DELETE', `/invitations/${id}`)).code, 'wrong-state')
  })
  it('refuses wrong and withdrawn codes, each by its name', async () => {
    for (const code of ['AAAAA-AAAAA-AAAAA-AAAAA', 'xxxxx', '%F0%9F%98%80%F0%9F%98%80'])
      assert.equal((await look(code)).body.code, 'invitation-unknown')
    const { code, id } = await invite()
    await t.api(204, 'DELETE', `/invitations/${id}`)
    assert.equal((await look(code)).body.code, 'invitation-revoked')
    assert.equal((await register(code, 'late')).body.code, 'invitation-revoked')
    await t.api(404, 'DELETE', '/invitations/999999')
  })
  it('invites only to what is there', async () => {
    assert.equal(
      (await t.api<{ code: string }>(422, 'POST', '/invitations', { body: { platform: 'amiga', ownership: 'cope' } }))
        .code,
      'unknown-platform',
    )
    await t.api(400, 'POST', '/invitations', { body: { platform: 'linux', ownership: 'cope', user: 'nobody here' } })
    await t.api(400, 'POST', '/invitations', { body: { platform: 'linux', ownership: 'cope', user: '99999' } })
    await t.api(400, 'POST', '/invitations', { body: { platform: 'linux', ownership: 'cope', expiresIn: 91 * 86_400 } })
  })
})
