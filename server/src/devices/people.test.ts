/** People on the way to enrolment, over the network: an address at the root, our own sign-in and back, and invitations that they give themselves. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { enrolPermission, type Message, type Platform, type Reply, type Route, signInAddress } from '@muster/contract'
import { pull } from '@muster/contract/testing'
import { startTestServer, type TestServer } from '../testing.ts'

const json = (status: number, body: object): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** The pull toy with pages of its own: one that needs to know who is there, and one that takes a password. */
const toy = (more: Partial<Route> = {}): Platform => ({
  ...pull,
  open: async (host, settings) => {
    const access = { public: 'for everybody' }
    const open = await pull.open(host, settings)
    const form = (r: Message) => new URLSearchParams(Buffer.from(r.body).toString())
    const page: Route = {
      method: 'GET',
      path: '/own',
      maxBytes: 0,
      access,
      handle: async (r) => {
        const person = await r.person?.()
        if (person) return json(200, person)
        return {
          status: 303,
          headers: { location: signInAddress(host.server().url, `/pull/own?${r.query}`, { name: 'eve' }) },
        }
      },
    }
    const begin: Route = {
      ...page,
      method: 'POST',
      maxBytes: 1024,
      handle: async (r) => {
        const person = await r.person?.()
        return person ? json(201, { code: await host.people.invite(person, 'byod') }) : json(200, {})
      },
    }
    const password: Route = {
      ...begin,
      path: '/password',
      handle: async (r) => {
        const [name, word] = [form(r).get('name') ?? '', form(r).get('password') ?? '']
        return json(200, await host.people.signIn(name, word, r.remote))
      },
    }
    const known: Route = {
      ...page,
      path: '/.well-known/org.example.pull',
      root: true,
      handle: async (r) => json(200, { at: r.path, query: r.query }),
      ...more,
    }
    return { ...open, routes: [...open.routes, page, begin, password, known] }
  },
})

describe('people on the way to enrolment', { timeout: 120_000 }, () => {
  let t: TestServer
  let origin: string
  before(async () => {
    t = await startTestServer({ platforms: [toy()] })
    origin = t.server.publicUrl
    const { items } = await t.api<{ items: { id: string; name: string }[] }>(200, 'GET', '/roles')
    const employee = items.find((r) => r.name === 'employee')?.id ?? ''
    const people: [string, { role: string }[]][] = [
      ['eve', [{ role: employee }]],
      ['nora', []],
    ]
    for (const [name, roles] of people)
      await t.api(201, 'POST', '/users', {
        body: { name, displayName: '', email: `${name}@example.org`, password: 'correct horse battery', roles },
      })
  })
  after(() => t.stop())

  const get = (path: string, cookie = '') =>
    fetch(t.url + path, { redirect: 'manual', headers: { ...(cookie && { cookie }) } })
  const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(t.url + path, { method: 'POST', body: new URLSearchParams(fields), headers, redirect: 'manual' })
  const cookieOf = (r: Response) => (r.headers.getSetCookie()[0] ?? '').split(';', 1)[0] ?? ''
  const signedIn = async (username: string) => {
    const reply = await post('/sign-in', { to: '/pull/own', username, password: 'correct horse battery' }, { origin })
    assert.equal(reply.status, 303)
    return cookieOf(reply)
  }

  it('an address at the root answers, with its query, and by its method alone', async () => {
    const reply = await get('/.well-known/org.example.pull?user=eve%40example.org')
    assert.deepEqual(await reply.json(), { at: '/.well-known/org.example.pull', query: 'user=eve%40example.org' })
    assert.equal((await post('/.well-known/org.example.pull', {})).status, 405)
    assert.equal((await get('/pull/.well-known/org.example.pull')).status, 404)
  })
  it('a server does not start when an address has two owners', async () => {
    for (const path of ['/api/v1/devices', '/sign-in', '/.well-known/oauth-authorization-server', '/pull/x'])
      await assert.rejects(startTestServer({ platforms: [toy({ path })] }), /cannot have GET/, path)
  })

  it('who is not known is sent to our sign-in, and comes back known', async () => {
    const away = await get('/pull/own?step=2')
    assert.equal(away.status, 303)
    const there = new URL(away.headers.get('location') ?? '')
    assert.deepEqual(
      [there.origin, there.pathname, there.searchParams.get('to'), there.searchParams.get('name')],
      [origin, '/sign-in', '/pull/own?step=2', 'eve'],
    )
    const asked = await get(there.pathname + there.search)
    assert.equal(asked.status, 200)
    assert.match(asked.headers.get('content-security-policy') ?? '', /form-action 'self'/)
    const html = await asked.text()
    assert.match(html, /name="to" value="&#47;pull|name="to" value="\/pull\/own\?step=2"/)
    assert.match(html, /value="eve"/)

    const fields = { to: '/pull/own?step=2', username: 'eve', password: 'wrong horse battery' }
    const wrong = await post('/sign-in', fields, { origin })
    assert.equal(wrong.status, 401)
    assert.match(await wrong.text(), /role="alert"/)
    assert.equal(cookieOf(wrong), '')
    const right = await post('/sign-in', { ...fields, password: 'correct horse battery' }, { origin })
    assert.deepEqual([right.status, right.headers.get('location')], [303, `${origin}/pull/own?step=2`])
    const cookie = cookieOf(right)
    const back = await get('/pull/own?step=2', cookie)
    assert.deepEqual(
      (await back.json()) as object,
      { ...(await (await get('/pull/own', cookie)).json()), name: 'eve', displayName: 'eve', email: 'eve@example.org' },
      'a person has always a name to be shown',
    )
    const again = await get('/sign-in?to=/pull/own', cookie)
    assert.deepEqual([again.status, again.headers.get('location')], [303, `${origin}/pull/own`])
    assert.equal((await get('/sign-in?to=/pull/own&again=1', cookie)).status, 200, 'as somebody else')
  })
  it('goes on to our own addresses alone', async () => {
    const cookie = await signedIn('eve')
    for (const to of [
      'https://evil.example/',
      'evil.example',
      '',
      '/\\evil.example',
      '/a\nb',
      `/${'a'.repeat(3000)}`,
    ]) {
      const at = `/sign-in?${new URLSearchParams({ to })}`
      assert.equal((await get(at)).status, 400, to)
      assert.equal((await get(at, cookie)).status, 400, to)
      const sent = await post('/sign-in', { to, username: 'eve', password: 'correct horse battery' }, { origin })
      assert.deepEqual([sent.status, cookieOf(sent)], [400, ''], to)
    }
    for (const to of ['//evil.example/x', '/@evil.example', '/%0d%0aset-cookie:x'])
      assert.equal(
        new URL((await get(`/sign-in?${new URLSearchParams({ to })}`, cookie)).headers.get('location') ?? '').origin,
        origin,
        to,
      )
    assert.equal((await get('/sign-in')).status, 400)
  })
  it('another site neither signs a browser in nor acts for who is signed in', async () => {
    const cookie = await signedIn('eve')
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'null' },
    ]
    for (const headers of foreign) {
      const reply = await post(
        '/sign-in',
        { to: '/pull/own', username: 'eve', password: 'correct horse battery' },
        headers,
      )
      assert.deepEqual([reply.status, cookieOf(reply)], [403, ''])
      assert.equal((await post('/pull/own', {}, { ...headers, cookie })).status, 403)
    }
    assert.equal((await post('/pull/own', {}, { origin, cookie })).status, 201)
    assert.deepEqual(await (await post('/pull/own', {}, { origin, cookie: 'muster=none' })).json(), {})
  })

  it('an employee invites a device of their own; the invitation is theirs, and in the audit log', async () => {
    const cookie = await signedIn('eve')
    const made = await post('/pull/own', {}, { origin, cookie })
    const { code } = (await made.json()) as { code: string }
    const enrolled = await t.call<{ device: string }>('POST', '/pull/enrol', {
      token: null,
      body: { code, key: 'k'.repeat(32), facts: {} },
    })
    assert.equal(enrolled.status, 201, JSON.stringify(enrolled.body))
    const { items } = await t.api<{ items: { owner: { name: string } | null; ownership: string }[] }>(
      200,
      'GET',
      '/devices',
    )
    assert.deepEqual(
      items.map((d) => [d.owner?.name, d.ownership]),
      [['eve', 'byod']],
    )
    const audit = await t.api<{ items: { act: string; actor: string }[] }>(200, 'GET', '/audit?limit=200')
    assert.ok(audit.items.some((e) => e.act === 'invitation.create' && e.actor === 'user:eve'))
  })
  it('who lacks the permission, or may not sign in any more, invites nobody', async () => {
    const cookie = await signedIn('nora')
    const reply = await post('/pull/own', {}, { origin, cookie })
    assert.equal(reply.status, 403)
    assert.equal(((await reply.json()) as { permission: string }).permission, enrolPermission)
    const { items } = await t.api<{ items: { id: string; name: string; revision: number }[] }>(200, 'GET', '/users')
    const nora = items.find((u) => u.name === 'nora')
    await t.api(200, 'PATCH', `/users/${nora?.id}`, {
      body: { disabled: true },
      headers: { 'if-match': `"${nora?.revision}"` },
    })
    assert.equal((await get('/pull/own', cookie)).status, 303)
  })
  it('a password in a protocol is counted with all other tries, and opens no session', async () => {
    const ask = async (name: string, password: string) =>
      (await (await post('/pull/password', { name, password })).json()) as Record<string, unknown>
    const person = await ask('EVE', 'correct horse battery')
    assert.deepEqual([person.name, person.email], ['eve', 'eve@example.org'])
    assert.deepEqual(await ask('nora', 'correct horse battery'), { refused: 'wrong-credentials' })
    for (let i = 0; i < 10; i++) await ask('eve', 'wrong horse battery')
    const out = await ask('eve', 'correct horse battery')
    assert.equal(out.refused, 'throttled')
    assert.ok(Number(out.retryAfterS) > 0)
    const refused = await post('/sign-in', { to: '/', username: 'eve', password: 'correct horse battery' }, { origin })
    assert.equal(refused.status, 429)
    const audit = await t.api<{ items: { act: string; detail: object }[] }>(200, 'GET', '/audit?limit=200')
    assert.deepEqual(audit.items.find((e) => e.act === 'session.prove')?.detail, { why: 'pull' })
  })
})
