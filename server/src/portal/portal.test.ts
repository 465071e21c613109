/** The web app as it is served: a page with a policy without exceptions, files that may be kept, and nothing else. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestServer, type TestServer } from '../testing.ts'

describe('the portal', () => {
  let t: TestServer
  before(async () => {
    t = await startTestServer({ portal: true })
  })
  after(() => t.stop())
  const page = (path: string) => t.call<string>('GET', path, { token: null, headers: { accept: 'text/html' } })

  it('answers every page with its own nonce', async () => {
    const nonces = new Set<string>()
    for (const path of [
      '/',
      '/devices',
      '/devices/x/operations',
      '/enrol',
      '/enrol/AAAAA-BBBBB',
      '/policies/3',
      '/activities',
    ]) {
      const { status, headers, body } = await page(path)
      assert.equal(status, 200, path)
      const policy = headers.get('content-security-policy') ?? ''
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? ''
      assert.ok(body.includes(`nonce="${nonce}"`), 'the page carries the nonce of its policy')
      assert.ok(!body.includes('__NONCE__'))
      assert.doesNotMatch(policy, /unsafe|https?:|\*/)
      assert.equal(headers.get('cache-control'), 'no-store')
      nonces.add(nonce)
    }
    assert.equal(nonces.size, 7)
  })
  it('serves the files that the page names, and lets browsers keep them', async () => {
    const { body } = await page('/')
    const files = [...body.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map((m) => m[1]!)
    assert.ok(files.some((f) => f.startsWith('assets/') && f.endsWith('.js')))
    for (const file of files) {
      const got = await page(`/${file}`)
      assert.equal(got.status, 200, file)
      if (file.startsWith('assets/')) assert.match(got.headers.get('cache-control') ?? '', /immutable/)
    }
    assert.doesNotMatch(body, /<script(?![^>]*\ssrc=)[^>]*>|<style|\son\w+=/)
  })
  it('answers a mistyped address with the app to people, and with a problem to programs', async () => {
    const shown = await page('/devicez')
    assert.equal(shown.status, 404)
    assert.match(shown.headers.get('content-type') ?? '', /^text\/html/)
    assert.match(shown.body, /<div id="root"/)
    const told = await t.call<{ code: string }>('GET', '/devicez', { token: null })
    assert.deepEqual([told.status, told.body.code], [404, 'not-found'])
  })
  it('has nothing beside them', async () => {
    for (const path of [
      '/nonsense',
      '/assets/nothing.js',
      '/assets/',
      '/index.html',
      '/sources.sha256',
      '/package.json',
      '/src/main.tsx',
    ])
      assert.equal((await page(path)).status, 404, path)
    assert.equal((await t.call('POST', '/devices', { token: null, body: {} })).status, 405)
  })
})
