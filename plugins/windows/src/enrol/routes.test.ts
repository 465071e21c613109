/** What goes wrong behind the services becomes Windows' own codes, and never more than a word of what is ours to mend. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Message, type PlatformHost, Problem, type ProblemCode, type Reply } from '@muster/contract'
import { at, readXml, textAt } from '@muster/kit/xml'
import { namespaces, SoapFault } from '../soap/index.ts'
import { enrolRoutes } from './routes.ts'
import { enrolmentSettings } from './settings.ts'

const body = `<s:Envelope xmlns:s="${namespaces.soap}" xmlns:a="${namespaces.addressing}"><s:Header><a:MessageID>urn:uuid:9</a:MessageID></s:Header><s:Body><x/></s:Body></s:Envelope>`

async function ask(thrown: unknown): Promise<{ reply: Reply; warned: number }> {
  let warned = 0
  const host = {
    log: { info: () => undefined, warn: () => warned++ },
    server: () => ({ url: 'https://muster.example', trust: [] }),
  } as unknown as PlatformHost
  const page = async () => assert.fail('no page was asked for')
  const routes = enrolRoutes({
    host,
    settings: enrolmentSettings.parse({}),
    requestToken: async () => {
      throw thrown
    },
    signInPage: page,
    termsPage: page,
  })
  const route = routes.find((r) => r.path === '/enrol')
  assert.ok(route)
  const m: Message = {
    method: 'POST',
    path: '/enrol',
    query: '',
    headers: {},
    body: Buffer.from(body),
    remote: '192.0.2.1',
    signal: AbortSignal.timeout(5000),
  }
  return { reply: await route.handle(m), warned }
}
function faultIn(reply: Reply): string {
  const root = readXml(Buffer.from(reply.body ?? ''))
  assert.equal(textAt(root, 'Header', 'RelatesTo'), 'urn:uuid:9')
  const fault = at(root, 'Body', 'Fault')
  return (
    textAt(fault, 'Detail', 'DeviceEnrollmentServiceError', 'ErrorType') ??
    textAt(fault, 'Code', 'Subcode', 'Value') ??
    assert.fail('no fault')
  )
}

test('problems of the core', async () => {
  const table: [ProblemCode, string][] = [
    ['invitation-used', 's:Authentication'],
    ['invitation-expired', 's:Authentication'],
    ['invitation-platform', 's:Authentication'],
    ['forbidden', 's:Authorization'],
    ['device-owned', 's:Authorization'],
    ['licence-not-accepted', 's:Authorization'],
    ['invalid-request', 's:CertificateRequest'],
    ['overloaded', 'InMaintenance'],
    ['device-gone', 'InvalidEnrollmentData'],
  ]
  for (const [code, fault] of table) {
    const { reply, warned } = await ask(new Problem(code))
    assert.deepEqual([reply.status, faultIn(reply), warned], [500, fault, 0], code)
    // Nobody who reads a fault has the members of a problem beside it.
    assert.doesNotMatch(Buffer.from(reply.body ?? '').toString(), /\(see `/, code)
  }
})

test('what nobody thought of is logged, and tells nothing of itself', async () => {
  const { reply, warned } = await ask(new Error('password of the database: hunter2'))
  assert.deepEqual([reply.status, faultIn(reply), warned], [500, 'a:InternalServiceFault', 1])
  assert.ok(!Buffer.from(reply.body ?? '').includes('hunter2'))
  const own = await ask(new SoapFault('CustomServerError', 'Come <back> tomorrow.'))
  assert.equal(faultIn(own.reply), 'CustomServerError')
})

test('settings: what is left out is usual, and what is wrong is refused', () => {
  const { poll, ...rest } = enrolmentSettings.parse({ poll: { thenMinutes: 720 } })
  assert.deepEqual(poll, { firstMinutes: 15, firstTimes: 5, secondMinutes: 60, secondTimes: 10, thenMinutes: 720 })
  assert.deepEqual(rest, { authPolicy: 'OnPremise', ownership: 'byod', tenants: [] })
  const tenant = { tenant: '4F7C2A90-5B1D-4C3E-9A6F-0D1E2F3A4B5C', audience: ['https://muster.example'] }
  assert.equal(enrolmentSettings.parse({ tenants: [tenant] }).tenants[0]?.tenant, tenant.tenant.toLowerCase())
  const wrong: object[] = [
    { authPolicy: 'None' },
    { ownership: 'dedicated' },
    { poll: { thenMinutes: 0 } },
    { tenants: [{ ...tenant, tenant: 'contoso' }] },
    { tenants: [{ ...tenant, audience: [] }] },
    { tenants: [{ ...tenant, keys: 'http://keys.example/' }] },
    { tenants: [{ ...tenant, keys: 'http://localhost.evil.example/' }] },
    { more: 1 },
  ]
  for (const w of wrong) assert.equal(enrolmentSettings.safeParse(w).success, false, JSON.stringify(w))
})
