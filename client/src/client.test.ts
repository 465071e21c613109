/** The client's own part: tokens, and refusals as one kind of error. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ApiProblem, answer, createMusterClient } from './index.ts'

const says = (status: number, body: unknown, headers: Record<string, string> = {}) => {
  const asked: Request[] = []
  const fetch = async (request: Request) => {
    asked.push(request)
    return new Response(body === undefined ? null : JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    })
  }
  return { asked, fetch }
}

it('sends the token of the moment and the parameters', async () => {
  const { asked, fetch } = says(200, { items: [] })
  let n = 0
  const client = createMusterClient({ baseUrl: 'https://muster.example/', token: async () => `t${++n}`, fetch })
  for (let i = 0; i < 2; i++) await answer(client.GET('/api/v1/devices', { params: { query: { q: 'a b', limit: 5 } } }))
  assert.deepEqual(
    asked.map((r) => [r.url, r.headers.get('authorization')]),
    [
      ['https://muster.example/api/v1/devices?q=a%20b&limit=5', 'Bearer t1'],
      ['https://muster.example/api/v1/devices?q=a%20b&limit=5', 'Bearer t2'],
    ],
  )
})
it('throws what the server refused, with its fields', async () => {
  const problem = {
    code: 'throttled',
    detail: 'Too many requests.',
    requestId: 'r-1',
    errors: [{ path: 'a', message: 'b' }, 'nonsense'],
  }
  const client = createMusterClient({
    baseUrl: 'https://muster.example',
    ...says(429, problem, { 'retry-after': '7' }),
  })
  await assert.rejects(answer(client.GET('/api/v1/devices')), (e: unknown) => {
    assert.ok(e instanceof ApiProblem)
    assert.deepEqual(
      [e.status, e.code, e.message, e.requestId, e.errors, e.retryAfterS],
      [429, 'throttled', 'Too many requests.', 'r-1', [{ path: 'a', message: 'b' }], 7],
    )
    return true
  })
})
it('throws a problem also when no answer or no JSON came', async () => {
  const away = createMusterClient({
    baseUrl: 'https://muster.example',
    fetch: async () => Promise.reject(new TypeError('fetch failed')),
  })
  await assert.rejects(answer(away.GET('/api/v1/about')), { status: 0, code: 'unreachable' })
  const proxy = createMusterClient({
    baseUrl: 'https://muster.example',
    fetch: async () => new Response('<h1>Bad gateway</h1>', { status: 502 }),
  })
  await assert.rejects(answer(proxy.GET('/api/v1/about')), { status: 502, code: 'unknown' })
})
it('gives nothing for an answer without a body', async () => {
  const client = createMusterClient({ baseUrl: 'https://muster.example', ...says(204, undefined) })
  assert.equal(await answer(client.DELETE('/api/v1/groups/{id}', { params: { path: { id: '1' } } })), undefined)
})

it('asks a busy server again when it says when, but only what changes nothing, and not for ever', async () => {
  let asked = 0
  const busy = (until: number) => async () => {
    asked += 1
    return asked < until
      ? new Response('{"code":"overloaded"}', { status: 503, headers: { 'retry-after': '0.01' } })
      : new Response('{"items":[]}', { status: 200, headers: { 'content-type': 'application/json' } })
  }
  const client = (until: number, patienceS?: number) => {
    asked = 0
    return createMusterClient({ baseUrl: 'https://muster.example', fetch: busy(until), patienceS })
  }
  assert.deepEqual(await answer(client(4).GET('/api/v1/devices')), { items: [] })
  assert.equal(asked, 4)
  await assert.rejects(answer(client(4, 0.02).GET('/api/v1/devices')), { status: 503 })
  assert.equal(asked, 3)
  await assert.rejects(answer(client(4).POST('/api/v1/recovery/end')), { status: 503 })
  assert.equal(asked, 1)
  const gone = new AbortController()
  const call = client(1_000).GET('/api/v1/devices', { signal: gone.signal })
  gone.abort()
  await assert.rejects(answer(call), { name: 'AbortError' })
})

it('waits for nothing but a busy server', async () => {
  let asked = 0
  const client = createMusterClient({
    baseUrl: 'https://muster.example',
    fetch: async () => {
      asked += 1
      return new Response('{"code":"database-away"}', { status: 503, headers: { 'retry-after': '0.01' } })
    },
  })
  await assert.rejects(answer(client.GET('/api/v1/devices')), { status: 503, code: 'database-away' })
  assert.equal(asked, 1)
})
