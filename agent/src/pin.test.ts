import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { createHttp } from './http.ts'
import { readFingerprint } from './pin.ts'
import { temporary } from './testing/fixtures.ts'

/** A root, a server certificate signed by it, and another root of the same name. */
function certificates(t: TestContext) {
  const at = temporary(t)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: at, stdio: ['ignore', 'pipe', 'ignore'] })
  const authority = (name: string) =>
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=Muster',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    )
  const leaf = (name: string, by: string, host: string) => {
    fs.writeFileSync(path.join(at, `${name}.ext`), `subjectAltName=${host}\nbasicConstraints=CA:FALSE\n`)
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=server',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    )
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${by}.pem`,
      '-CAkey',
      `${by}.key`,
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    )
  }
  authority('root')
  authority('rogue')
  leaf('server', 'root', 'IP:127.0.0.1')
  leaf('elsewhere', 'root', 'DNS:elsewhere.example')
  leaf('forged', 'rogue', 'IP:127.0.0.1')
  const read = (name: string) => fs.readFileSync(path.join(at, name), 'utf8')
  const fingerprint = (name: string) => new X509Certificate(read(name)).fingerprint256
  return { read, fingerprint }
}

async function listen(t: TestContext, key: string, cert: string) {
  let heard = 0
  const server = https.createServer({ key, cert }, (request, response) => {
    heard += 1
    request.resume()
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, heard: () => heard }
}

async function ask(server: string, more: { ca?: string; fingerprint?: string }) {
  const http = createHttp({ server, ...more }, '0')
  try {
    return (await http.ask({ path: 'x', json: { secret: 1 } })).body
  } finally {
    http.close()
  }
}

test('trust by authority and by fingerprint, and nothing is said to anybody else', async (t) => {
  const { read, fingerprint } = certificates(t)
  const pin = (name: string) => readFingerprint(fingerprint(name)) as string
  const good = await listen(t, read('server.key'), read('server.pem') + read('root.pem'))
  assert.deepEqual(await ask(good.url, { ca: read('root.pem') }), { ok: true })
  assert.deepEqual(await ask(good.url, { fingerprint: pin('server.pem') }), { ok: true })
  assert.deepEqual(await ask(good.url, { fingerprint: pin('root.pem') }), { ok: true })
  assert.equal(good.heard(), 3)
  await assert.rejects(ask(good.url, {}), { code: 'untrusted' })
  await assert.rejects(ask(good.url, { ca: read('rogue.pem') }), { code: 'untrusted' })
  await assert.rejects(ask(good.url, { fingerprint: pin('rogue.pem') }), {
    code: 'untrusted',
    message: /no certificate of the server has the fingerprint/,
  })
  assert.equal(good.heard(), 3)

  const elsewhere = await listen(t, read('elsewhere.key'), read('elsewhere.pem') + read('root.pem'))
  await assert.rejects(ask(elsewhere.url, { fingerprint: pin('root.pem') }), {
    code: 'untrusted',
    message: /not for 127/,
  })
  // The pinned root is shown along, but it has not signed this certificate (the names are the same).
  const forged = await listen(t, read('forged.key'), read('forged.pem') + read('root.pem'))
  await assert.rejects(ask(forged.url, { fingerprint: pin('root.pem') }), { code: 'untrusted' })
  assert.equal(elsewhere.heard() + forged.heard(), 0)
})

test('fingerprints as people write them', () => {
  const hex = 'ab'.repeat(32)
  for (const text of [hex, hex.toUpperCase(), hex.match(/../g)?.join(':') ?? '', `sha256=${hex}`, `SHA-256=${hex}`])
    assert.equal(readFingerprint(text), hex)
  for (const text of ['', 'ab', `${hex}0`, 'zz'.repeat(32)]) assert.equal(readFingerprint(text), undefined)
})
