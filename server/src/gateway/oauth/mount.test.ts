/** The key manager's place in the server: what it does not know is answered as everywhere else. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openWorld, type World } from '../world.ts'

let w: World
before(async () => {
  w = await openWorld(() => undefined)
})
after(() => w.close())

test('what the key manager has no page for is a problem like everywhere else', async () => {
  for (const method of ['GET', 'POST']) {
    const answer = await fetch(`${w.url}/oauth2/nowhere`, { method })
    assert.equal(answer.status, 404)
    assert.equal(answer.headers.get('content-type'), 'application/problem+json')
    assert.equal(((await answer.json()) as { code: string }).code, 'not-found')
  }
})
