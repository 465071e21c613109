/** Enrolment by a page: the person signs in with this server or came with an invitation, reads what is asked, and Windows gets a word that is good once. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Person, Reply } from '@muster/contract'
import { at, textAt } from '@muster/kit/xml'
import { openWindows, password, type WindowsBench } from './bench.fixture.ts'
import { bodyOf, discoverMessage, enrol, faultOf, newDeviceId, requestToken, rsaKey } from './client.fixture.ts'

let bench: WindowsBench
before(async () => {
  bench = await openWindows({ enrolment: { authPolicy: 'Federated', ownership: 'cope', poll: { firstMinutes: 3 } } })
})
after(() => bench.close())

const appru = 'ms-app://windows.immersivecontrolpanel'
const page = (
  o: {
    method?: 'GET' | 'POST'
    query?: Record<string, string>
    person?: Person
    fields?: Record<string, string>
    language?: string
  } = {},
) =>
  bench.request(o.method ?? 'GET', '/sign-in', {
    query: new URLSearchParams({ appru, ...o.query }).toString(),
    person: o.person,
    body: new URLSearchParams(o.fields).toString(),
    headers: o.language ? { 'accept-language': o.language } : {},
  })
const yes = (person: Person, fields: Record<string, string> = {}) => page({ method: 'POST', person, fields })
function tokenIn(reply: Reply): string {
  assert.equal(reply.status, 200, String(reply.body))
  const html = String(reply.body)
  assert.ok(html.includes(`<form method="post" action="${appru}">`), html)
  return /name="wresult" value="([\w-]{43})"/.exec(html)?.[1] ?? assert.fail(html)
}

test('discovery names the page, and nothing less is taken for it', async () => {
  const ask = (policies: string[]) =>
    bench.request('POST', '/EnrollmentServer/Discovery.svc', { body: discoverMessage({ policies }) })
  const result = at(bodyOf(await ask(['OnPremise', 'Federated'])), 'DiscoverResult')
  assert.deepEqual(
    [textAt(result, 'AuthPolicy'), textAt(result, 'AuthenticationServiceUrl')],
    ['Federated', 'https://localhost/windows/sign-in'],
  )
  assert.equal(faultOf(await ask(['OnPremise'])), 'NotSupported')
  const reply = await requestToken(bench.request, { proof: { username: 'ada', password } })
  assert.equal(faultOf(reply), 's:Authentication')
})

test('who may not enrol is told before anything is asked', async () => {
  for (const method of ['GET', 'POST'] as const) {
    const reply = await page({ method, person: bench.nora, language: 'de' })
    assert.equal(reply.status, 403)
    assert.match(String(reply.body), /darf keine Geräte hinzufügen/)
    assert.ok(!String(reply.body).includes('wresult'))
  }
})

test('who is not known signs in first, and comes back', async () => {
  const away = await page({ query: { login_hint: 'ada@corp.example' } })
  assert.equal(away.status, 303)
  const there = new URL(away.headers?.location ?? '')
  assert.deepEqual([there.pathname, there.searchParams.get('name')], ['/sign-in', 'ada@corp.example'])
  const back = new URL(there.searchParams.get('to') ?? '', 'https://x')
  assert.equal(back.pathname, '/windows/sign-in')
  assert.deepEqual(Object.fromEntries(back.searchParams), { appru, login_hint: 'ada@corp.example' })
})

test('from the page to the device', async () => {
  const asked = await page({ person: bench.ada, language: 'de-AT' })
  assert.equal(asked.status, 200)
  assert.match(String(asked.body), /<html lang="de">[\s\S]*als PC Ihrer Organisation/)
  assert.match(asked.headers?.['content-security-policy'] ?? '', /default-src 'none'.*frame-ancestors 'none'/)
  const reply = await yes(bench.ada)
  assert.match(
    reply.headers?.['content-security-policy'] ?? '',
    /script-src 'sha256-[^']+'; form-action 'self' ms-app:;/,
  )
  const token = tokenIn(reply)
  const e = await enrol(bench.request, { proof: { token } })
  assert.equal(e.document.values.get('/DMClient/Provider/Muster/Poll/IntervalForFirstSetOfRetries'), '3')
  const c = await bench.host('windows').identify({ certificate: e.certificate }, true)
  assert.ok('no' in c)
  assert.equal(c.ownership, 'cope')
  assert.equal((await bench.host('windows').detail(c)).facts['windows.enrolledBy'], 'page')
  const before = await bench.written()
  assert.equal(faultOf(await requestToken(bench.request, { proof: { token } })), 's:Authentication', 'good once')
  assert.deepEqual(await bench.written(), before)
})

test('a request that is wrong spends nothing; a word that is over, or another person’s right, is worth nothing', async () => {
  const token = tokenIn(await yes(bench.ada))
  const bad = await requestToken(bench.request, { proof: { token }, key: rsaKey(1024) })
  assert.equal(faultOf(bad), 's:CertificateRequest')
  await enrol(bench.request, { proof: { token } })
  const late = tokenIn(await yes(bench.ada))
  await bench.host('windows').sql`update sign_in set expires = now() - interval '1 second'`
  assert.equal(faultOf(await requestToken(bench.request, { proof: { token: late } })), 's:Authentication')
  const raced = tokenIn(await yes(bench.ada))
  const all = await Promise.all(
    [1, 2, 3].map(() => requestToken(bench.request, { proof: { token: raced }, deviceId: newDeviceId() })),
  )
  assert.deepEqual(all.map((r) => r.status).sort(), [200, 500, 500])
})

test('the code of an invitation is enough, entered as the address or carried by the link', async () => {
  for (const query of [{ login_hint: 'CODE@muster.example' }, { code: 'CODE' }]) {
    const code = await bench.code('windows', 'dedicated')
    const filled = Object.fromEntries(Object.entries(query).map(([k, v]) => [k, v.replace('CODE', code)]))
    const asked = await page({ query: filled })
    assert.equal(asked.status, 200)
    assert.ok(String(asked.body).includes(`name="code" value="${code}"`))
    const token = tokenIn(await page({ method: 'POST', query: filled, fields: { code } }))
    const e = await enrol(bench.request, { proof: { token, ...('code' in query && { bare: true }) } })
    const c = await bench.host('windows').identify({ certificate: e.certificate }, true)
    assert.ok('no' in c && c.ownership === 'dedicated')
    const used = await page({ query: filled, language: 'de' })
    assert.equal(used.status, 409)
    assert.match(String(used.body), /schon verwendet/)
  }
})

test('the way back is Windows’ own, whatever is asked for', async () => {
  for (const bad of [
    '',
    'https://evil.example/',
    'javascript:alert(1)',
    'ms-app:',
    'ms-app://"><script>',
    'ms-app://a b',
    'MS-APPX://x',
    `ms-app://${'x'.repeat(900)}`,
  ]) {
    for (const method of ['GET', 'POST'] as const) {
      const reply = await page({ method, query: { appru: bad }, person: bench.ada })
      assert.equal(reply.status, 400, bad)
      assert.ok(!String(reply.body).includes('wresult'))
    }
  }
  const other = 'ms-aadj-redir://auth/mdm'
  const reply = await page({ method: 'POST', query: { appru: other }, person: bench.ada })
  assert.match(reply.headers?.['content-security-policy'] ?? '', /form-action 'self' ms-aadj-redir:;/)
})

test('a licence is accepted in its own version, and known of the enrolment', async () => {
  await bench.licence('2')
  const asked = await page({ person: bench.ada })
  assert.match(String(asked.body), /You &lt;agree&gt;\./)
  const without = await yes(bench.ada)
  assert.ok(!String(without.body).includes('wresult'), 'asked again')
  const token = tokenIn(await yes(bench.ada, { licence: '2' }))
  const e = await enrol(bench.request, { proof: { token } })
  const [row] = await bench.db.query<{ version: string }>({
    text: 'select l.version from certificate c join channel h on h.no = c.channel join enrolment e on e.no = h.enrolment join licence l on l.no = e.licence where c.certificate = $1',
    values: [e.certificate],
  })
  assert.equal(row?.version, '2')
})

test('an invitation says what to do, and its link opens Windows’ own enrolment', async () => {
  const code = await bench.code('windows')
  const open = bench.platforms.get('windows')
  const asked = { code, url: 'https://localhost/e', server: 'https://localhost', ownership: 'cope' } as const
  const { steps } = (await open?.invite(asked)) ?? { steps: [] }
  const german = (await open?.invite({ ...asked, language: 'de-AT' }))?.steps ?? []
  assert.deepEqual(
    german.map(({ text: _, ...s }) => s),
    steps.map(({ text: _, ...s }) => s),
  )
  assert.match(german[0]?.text ?? '', /^Folgen Sie auf dem PC diesem Link/)
  const link = new URL(steps.find((s) => s.link)?.link ?? '')
  assert.equal(link.protocol, 'ms-device-enrollment:')
  assert.deepEqual(Object.fromEntries(link.searchParams), {
    mode: 'mdm',
    username: `${code}@localhost`,
    servername: 'https://localhost/EnrollmentServer/Discovery.svc',
  })
})
