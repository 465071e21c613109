/** Which answers carry which policy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { apiHeaders, pagePolicy } from './headers.ts'

test('strict transport is asked for on a public https name alone, and only over https', async () => {
  for (const [publicUrl, protocol, expected] of [
    ['https://emm.example.org', 'https', true],
    ['https://emm.example.org', 'http', false],
    ['http://emm.example.org', 'https', false],
    ['https://localhost:8443', 'https', false],
    ['https://192.0.2.1', 'https', false],
    ['https://[2001:db8::1]', 'https', false],
  ] as const) {
    const app = Fastify({ trustProxy: true })
    const headers = apiHeaders(publicUrl)
    app.get('/', async (request, reply) => {
      headers(request, reply)
      return {}
    })
    const answer = await app.inject({ url: '/', headers: { 'x-forwarded-proto': protocol } })
    assert.equal(answer.headers['strict-transport-security'] !== undefined, expected, `${publicUrl} over ${protocol}`)
    assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/)
    await app.close()
  }
})

test('a page may use its own style and lead on to named places, and nothing else', () => {
  const policy = pagePolicy('body{}', ['https://app.example'])
  assert.match(policy, /style-src 'sha256-[A-Za-z0-9+/]+='/)
  assert.match(policy, /form-action 'self' https:\/\/app\.example$/)
  assert.doesNotMatch(policy, /unsafe|script-src|\*/)
})
