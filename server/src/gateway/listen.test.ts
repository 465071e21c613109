/** Both doors: HTTP/1.1 and HTTP/2 over TLS beside plain HTTP, client certificates shown but not believed, slow and silent callers bounded, stopping with grace. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import http2 from 'node:http2'
import https from 'node:https'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import tls from 'node:tls'
import { clientCertificate } from './index.ts'
import { bootstrap, freePort, openWorld, type World } from './world.ts'

let w: World
let secure: number
/** By name: each its own key and certificate, all of one authority. */
const keys: Record<string, { key: string; cert: string }> = {}
let root: string
const pair = (name: string) => {
  const made = keys[name]
  assert.ok(made)
  return made
}

before(async () => {
  const plain = await freePort()
  secure = await freePort()
  w = await openWorld(
    ({ app, stopping }) => {
      app.get('/toy/certificate', { config: { access: { device: true } } }, async (request) => ({
        der: clientCertificate(request.raw)?.toString('base64') ?? null,
        version: request.raw.httpVersion,
        scheme: request.protocol,
      }))
      app.get('/slow', { config: { access: { public: 'a test' } } }, async () => {
        await new Promise<void>((resolve) => stopping.addEventListener('abort', () => resolve(), { once: true }))
        return { finished: true }
      })
      app.post('/echo', { config: { access: { public: 'a test' } } }, async (request) => request.body)
    },
    {
      ports: { http: plain, https: secure },
      publicUrl: `http://localhost:${plain}`,
    },
    async (core) => {
      await core.certificates.ensureAuthorities('Test')
      root = core.certificates.authorities().root.pem
      for (const [name, host] of [
        ['server', 'localhost'],
        ['device', 'device.test'],
        ['renewed', 'renewed.test'],
      ] as const) {
        const { key, chain } = await core.certificates.serverCertificate([host])
        keys[name] = { key, cert: chain }
      }
      return { tls: { ...pair('server'), clientCa: root } }
    },
  )
})
after(() => w.close())

function get(
  path: string,
  o: https.RequestOptions = {},
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const request = https.request({ host: 'localhost', port: secure, path, ca: root, agent: false, ...o }, (answer) => {
      let body = ''
      answer.on('data', (d) => {
        body += String(d)
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }))
    })
    request.on('error', reject)
    request.end()
  })
}
function h2(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined })
    let got = ''
    let status = 0
    stream.on('response', (h) => {
      status = Number(h[':status'])
    })
    stream.on('data', (d) => {
      got += String(d)
    })
    stream.on('end', () => resolve({ status, body: got }))
    stream.on('error', reject)
    if (body !== undefined) stream.end(body)
  })
}

test('a client certificate is handed on as bytes and lets nobody in by itself', async () => {
  const none = JSON.parse((await get('/toy/certificate')).body) as { der: string | null }
  assert.equal(none.der, null)
  const shown = await get('/toy/certificate', pair('device'))
  const der = Buffer.from((JSON.parse(shown.body) as { der: string }).der, 'base64')
  assert.deepEqual(der, new X509Certificate(pair('device').cert).raw)
  assert.equal((await get('/api/v1/session', pair('device'))).status, 401)
  const plain = (await (
    await fetch(`${w.url}/toy/certificate`, { headers: { 'x-client-cert': 'forged', 'x-forwarded-proto': 'https' } })
  ).json()) as { der: null; scheme: string }
  assert.deepEqual([plain.der, plain.scheme], [null, 'http'])
})

test('a resumed connection still shows its certificate', async () => {
  const agent = new https.Agent({ keepAlive: false, maxCachedSessions: 10 })
  const o = { agent, ...pair('device'), headers: { connection: 'close' } }
  const first = JSON.parse((await get('/toy/certificate', o)).body) as { der: string }
  const second = JSON.parse((await get('/toy/certificate', o)).body) as { der: string }
  assert.ok(first.der)
  assert.equal(second.der, first.der)
})

test('HTTP/2 is spoken where the client can, also by the key manager, without a content-length', async () => {
  const session = http2.connect(`https://localhost:${secure}`, {
    ca: root,
    ...pair('device'),
  })
  try {
    const seen = JSON.parse((await h2(session, { ':path': '/toy/certificate' })).body) as {
      der: string
      version: string
      scheme: string
    }
    assert.deepEqual([seen.version, seen.scheme], ['2.0', 'https'])
    assert.ok(seen.der)
    const token = await h2(
      session,
      {
        ':method': 'POST',
        ':path': '/oauth2/token',
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${bootstrap.id}:${bootstrap.secret}`).toString('base64')}`,
      },
      'grant_type=client_credentials',
    )
    assert.equal(token.status, 200, token.body)
    const bearer = `Bearer ${(JSON.parse(token.body) as { access_token: string }).access_token}`
    assert.equal((await h2(session, { ':path': '/api/v1/session', authorization: bearer })).status, 200)
    assert.deepEqual(
      await h2(session, { ':method': 'POST', ':path': '/echo', 'content-type': 'application/json' }, '{"a":1}'),
      { status: 200, body: '{"a":1}' },
    )
    for (const path of ['/a/../b', '/a;b', '//x', '/%2f'])
      assert.equal((await h2(session, { ':path': path })).status, 400, path)
  } finally {
    session.close()
  }
})

test('on https the cookie is __Host- and Secure; localhost asks nobody for https from then on', async () => {
  const body = JSON.stringify({ username: 'admin', password: 'correct horse battery' })
  const answer = await new Promise<{ cookie: string[]; sts: unknown }>((resolve, reject) => {
    const request = https.request(
      {
        host: 'localhost',
        port: secure,
        path: '/api/v1/session',
        method: 'POST',
        ca: root,
        agent: false,
        headers: { 'content-type': 'application/json', 'content-length': body.length },
      },
      (a) => {
        a.resume()
        resolve({ cookie: a.headers['set-cookie'] ?? [], sts: a.headers['strict-transport-security'] })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
  assert.match(answer.cookie[0] ?? '', /^__Host-muster=.*; Secure/)
  assert.equal(answer.sts, undefined)
})

test('garbage on either door is answered or cut, and the doors stay open', async () => {
  const talk = (open: () => ReturnType<typeof connect>, bytes: string) =>
    new Promise<string>((resolve) => {
      const socket = open()
      let got = ''
      socket.setTimeout(5_000, () => socket.destroy())
      socket.on('data', (d) => {
        got += d.toString('latin1')
      })
      socket.on('error', () => socket.destroy())
      socket.on('close', () => resolve(got))
      socket.write(bytes)
    })
  const overTls = () => tls.connect({ host: 'localhost', port: secure, ca: root, ALPNProtocols: ['http/1.1'] })
  assert.match(await talk(overTls, 'NONSENSE\r\n\r\n'), /"code":"malformed-request"/)
  assert.match(
    await talk(overTls, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`),
    /"code":"malformed-request"/,
  )
  await talk(() => connect(secure, 'localhost'), 'GET / HTTP/1.1\r\n\r\n')
  await talk(
    () => tls.connect({ host: 'localhost', port: secure, ca: root, ALPNProtocols: ['h2'] }),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrubbish rubbish rubbish',
  )
  assert.equal((await get('/nothing')).status, 404)
  assert.equal((await fetch(`${w.url}/nothing`)).status, 404)
})

test('the certificate is replaced without closing a door', async () => {
  const subject = () =>
    new Promise<string>((resolve, reject) => {
      const socket = tls.connect({ host: 'localhost', port: secure, rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subjectaltname))
        socket.destroy()
      })
      socket.on('error', reject)
    })
  assert.match(await subject(), /localhost/)
  w.gateway.renewTls({ ...pair('renewed') })
  assert.match(await subject(), /renewed\.test/)
})

test('stopping lets what runs finish, tells long polls, and leaves no door or connection open', async () => {
  const plain = await freePort()
  const begun = Promise.withResolvers<void>()
  const own = await openWorld(
    ({ app, stopping }) => {
      app.get('/poll', { config: { access: { device: true } } }, async () => {
        begun.resolve()
        await new Promise<void>((resolve) =>
          stopping.addEventListener('abort', () => setTimeout(resolve, 50), { once: true }),
        )
        return { finished: true }
      })
    },
    { ports: { http: plain }, publicUrl: `http://localhost:${plain}` },
  )
  const idle = connect(plain, 'localhost')
  const cut = new Promise<void>((resolve) => idle.on('close', () => resolve()))
  idle.on('error', () => {
    idle.destroy()
  })
  const polling = fetch(`http://localhost:${plain}/poll`)
  await begun.promise
  const stopped = own.gateway.stop(20_000)
  const answer = await polling
  assert.deepEqual([answer.status, await answer.json()], [200, { finished: true }])
  await stopped
  await cut
  await assert.rejects(fetch(`http://localhost:${plain}/poll`))
  await own.close()
})
