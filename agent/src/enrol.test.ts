import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Asker, type EnrolDeps, enrol, StepFailed } from './enrol.ts'
import { createHttp } from './http.ts'
import { openState } from './state.ts'
import { type FakeServer, fakeServer, problem, testCode } from './testing/fake-server.ts'
import { temporary } from './testing/fixtures.ts'

const always: Asker = { licence: async () => true, ownership: async () => true }

function deps(t: TestContext, server: FakeServer, more: Partial<EnrolDeps> = {}): EnrolDeps {
  const link = { server: server.url }
  const http = createHttp(link, '0.1.0')
  t.after(() => http.close())
  return {
    folder: openState(path.join(temporary(t), 'state')),
    http,
    link,
    code: testCode,
    readOnly: false,
    asker: always,
    facts: () => ({ 'network.hostname': 'till-7', 'agent.version': '0.1.0' }),
    identifiers: [{ kind: 'machine-id', value: 'abc' }],
    tell: () => undefined,
    ...more,
  }
}
async function stopsAt(work: Promise<unknown>, step: string, code: string): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof StepFailed, String(error))
    assert.deepEqual([error.step, error.code], [step, code], error.message)
    return true
  })
}

test('all steps, in order, and what is kept is for the agent alone', async (t) => {
  const server = await fakeServer(t)
  const told: string[] = []
  const d = deps(t, server, { tell: (text) => told.push(text.split(' ')[0] as string) })
  const state = await enrol(d)
  assert.deepEqual(told, ['server', 'code', 'licence', 'ownership', 'done'])
  assert.deepEqual(
    server.requests.map((r) => r.path),
    ['/linux/agent/about', '/linux/agent/invitation', '/oauth2/reg', '/oauth2/token', '/linux/agent/enrolment'],
  )
  assert.deepEqual(
    [state.device, state.epoch, state.step, state.ownership, state.licence],
    ['device-1', 1, 'done', 'cope', '3'],
  )
  assert.equal(state.signingKeys?.length, 1)
  assert.deepEqual(server.registered?.metadata.muster_identifiers, [{ kind: 'machine-id', value: 'abc' }])
  assert.equal(fs.statSync(d.folder.at).mode & 0o777, 0o700)
  assert.equal(fs.statSync(path.join(d.folder.at, 'agent.json')).mode & 0o777, 0o600)
  assert.ok(
    !fs.readFileSync(path.join(d.folder.at, 'agent.json'), 'utf8').includes(testCode),
    'a spent code is not kept',
  )
  const before = server.requests.length
  await enrol(d)
  assert.equal(server.requests.length, before, 'enrolled already: nothing is asked')
})

test('each step that fails says so, and repeating goes on from there without spending the code again', async (t) => {
  const server = await fakeServer(t)
  const d = deps(t, server)
  const failures: [string, string, string][] = [
    ['GET /linux/agent/about', 'server', 'overloaded'],
    ['POST /linux/agent/invitation', 'code', 'invitation-expired'],
    ['POST /oauth2/reg', 'code', 'conflict'],
    ['POST /oauth2/token', 'licence', 'invalid_client'],
    ['POST /linux/agent/enrolment', 'licence', 'licence-not-accepted'],
  ]
  for (const [route, step, code] of failures) {
    server.instead[route] = [problem(409, code)]
    await stopsAt(enrol(d), step, code)
  }
  server.instead['POST /linux/agent/enrolment'] = [problem(400, 'invalid-request', { step: 'ownership' })]
  await stopsAt(enrol(d), 'ownership', 'invalid-request')
  assert.equal((await enrol(d)).step, 'done')
  assert.equal(server.requests.filter((r) => r.path === '/oauth2/reg').length, 2)
})

test('an answer lost on the way: the step is repeated, the enrolment completes', async (t) => {
  const server = await fakeServer(t)
  server.instead['POST /linux/agent/enrolment'] = ['cut']
  server.instead['GET /linux/agent/about'] = [{ status: 503, body: {}, headers: { 'retry-after': '0' } }]
  assert.equal((await enrol(deps(t, server))).step, 'done')
})

test('wrong and used codes', async (t) => {
  const server = await fakeServer(t)
  await stopsAt(enrol(deps(t, server, { code: 'NOPE-NOPE' })), 'code', 'invitation-unknown')
  await enrol(deps(t, server))
  await stopsAt(enrol(deps(t, server)), 'code', 'invitation-used')
})

test('what a person declines spends nothing', async (t) => {
  const server = await fakeServer(t)
  await stopsAt(
    enrol(deps(t, server, { asker: { ...always, licence: async () => false } })),
    'licence',
    'licence-not-accepted',
  )
  await stopsAt(
    enrol(deps(t, server, { asker: { ...always, ownership: async () => false } })),
    'ownership',
    'ownership-declined',
  )
  assert.equal(server.registered, undefined)
})

test('an agent too old, a clock that is off, an address that is no Muster', async (t) => {
  const server = await fakeServer(t)
  server.minimumAgent = '99.0.0'
  await stopsAt(enrol(deps(t, server)), 'server', 'agent-too-old')
  server.minimumAgent = '0.0.1'
  server.time = () => new Date(Date.now() - 3_600_000)
  await stopsAt(enrol(deps(t, server)), 'server', 'clock')
  server.instead['GET /linux/agent/about'] = [{ status: 200, body: { hello: 'world' } }]
  await stopsAt(enrol(deps(t, server)), 'server', 'not-muster')
  server.instead['GET /linux/agent/about'] = [
    { status: 302, body: {}, headers: { location: 'http://example.invalid/' } },
  ]
  await stopsAt(enrol(deps(t, server)), 'server', 'status-302')
})

test('registration is never sent to another place than the server given', async (t) => {
  const server = await fakeServer(t)
  const about = {
    product: 'muster',
    version: '1',
    protocol: 1,
    platform: 'linux',
    organisation: 'E',
    minimumAgent: '0',
    time: new Date().toISOString(),
    registration: 'http://127.0.0.1:9/reg',
    token: 'oauth2/token',
  }
  server.instead['GET /linux/agent/about'] = [{ status: 200, body: about }]
  await stopsAt(enrol(deps(t, server)), 'code', 'foreign-address')
})

test('nobody there', async (t) => {
  const server = await fakeServer(t)
  const link = { server: 'http://127.0.0.1:9' }
  await stopsAt(enrol(deps(t, server, { link, http: createHttp(link, '0') })), 'server', 'refused')
})

test('plain http is for this machine, unless it is allowed', () => {
  assert.throws(() => createHttp({ server: 'http://muster.example.com' }, '0'), /--insecure-http/)
  assert.throws(() => createHttp({ server: 'ftp://muster.example.com' }, '0'), /neither/)
  createHttp({ server: 'http://muster.example.com', insecureHttp: true }, '0').close()
  createHttp({ server: 'http://[::1]:8080' }, '0').close()
})
