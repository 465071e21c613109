/** The identity matrix: every route of the server times every kind of credential, each cell's answer derived from what the route declares, and each tried over the network. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { RouteEntry } from '@muster/server'
import { nobody as nowhere, startTestServer, type TestServer } from '@muster/server/testing'
import { credentials } from './identity-matrix-credentials.ts'
import { type Credential, type Due, due, takesTokens } from './identity-matrix-rules.ts'

interface Got {
  status: number
  code?: string
  permission?: string
}
const wide = 1_000_000_000

describe('every route with every kind of credential', () => {
  let t: TestServer
  let all: Credential[]
  const routes = () => t.server.routeTable()
  before(async () => {
    const limits = {
      read: wide,
      write: wide,
      public: wide,
      signIn: wide,
      token: wide,
      refused: wide,
      device: wide,
      deviceRefused: wide,
    }
    t = await startTestServer({ limits, webhooks: { networks: ['192.0.2.0/24'] } })
    const asked = [...new Set(routes().flatMap((r) => ('permission' in r.access ? [r.access.permission] : [])))].sort()
    all = await credentials(t, asked)
  })
  after(() => t.stop())

  /** Ids of nothing, so that whoever is admitted finds nothing and changes nothing. */
  const place = (route: RouteEntry) =>
    route.path
      .replace(':id', route.path.includes('/devices') ? nowhere : '999999999')
      .replace(':key', 'nothing')
      .replace(/:\w+/g, 'x')
      .replace('*', 'x')

  async function ask(route: RouteEntry, headers: Readonly<Record<string, string>>, path = place(route)): Promise<Got> {
    const bodied = route.method !== 'GET' && route.method !== 'HEAD' && route.method !== 'DELETE'
    const leave = new AbortController()
    const response = await fetch(t.url + path, {
      method: route.method,
      headers: { ...(bodied ? { 'content-type': 'application/json' } : {}), ...headers },
      body: bodied ? '[]' : undefined,
      redirect: 'manual',
      signal: leave.signal,
    })
    const { status } = response
    if (response.headers.get('content-type')?.includes('event-stream')) {
      leave.abort()
      return { status }
    }
    const text = await response.text()
    const problem = response.headers.get('content-type')?.includes('problem+json') && text !== ''
    const got: Got = { status, ...(problem ? (JSON.parse(text) as Got) : {}) }
    if (got.code !== 'overloaded') return got
    // A busy machine lets go of what can wait: asked again, it tells what is due.
    await pause(500)
    return ask(route, headers, path)
  }

  function judge(route: RouteEntry, wanted: Due, got: Got, none: Got): string | undefined {
    // 503: what a page is for is not set up here.
    if (got.status >= 500 && !(wanted === 'own-rules' && got.status === 503)) return 'it failed'
    if (wanted === 'own-rules')
      return got.status < 300 && none.status >= 400 ? 'a stranger’s credential opened it' : undefined
    if (wanted === 'as-none')
      return got.status === none.status ? undefined : `without a credential it answers ${none.status}`
    if (wanted === 'admitted')
      return got.status === 401 || (got.status === 403 && got.code !== undefined) ? 'it was refused' : undefined
    // The answer to a HEAD has no body.
    if (got.status === wanted.status && route.method === 'HEAD') return undefined
    const same = got.status === wanted.status && got.code === wanted.code && got.permission === wanted.permission
    return same ? undefined : `due was ${wanted.status} ${wanted.code}`
  }

  // In portions, each with its own time: a busy machine takes long over ten thousand small answers.
  const portions = 5
  let tried = 0
  for (let portion = 0; portion < portions; portion++) {
    it(`answers each cell as the one set of rules says (${portion + 1} of ${portions})`, {
      timeout: 175_000,
    }, async () => {
      const table = inOrder(routes())
      const size = Math.ceil(table.length / portions)
      const own = table.slice(portion * size, (portion + 1) * size)
      const wrong: string[] = []
      const noneAt = new Map<RouteEntry, Got>()
      for (const route of own) noneAt.set(route, await ask(route, {}))
      const lane = async (credentials: readonly Credential[]) => {
        for (const credential of credentials) {
          for (const route of own) {
            const wanted = due(route, credential)
            const got = await ask(route, credential.headers)
            const fault = judge(route, wanted, got, noneAt.get(route) as Got)
            if (fault)
              wrong.push(
                `${route.method} ${route.path} with ${credential.kind}: ${got.status} ${got.code ?? ''}: ${fault}`,
              )
            tried++
          }
        }
      }
      // Sessions of one person go one after the other, as signing out is among what is tried.
      const cookies = all.filter((c) => c.headers.cookie !== undefined)
      const rest = all.filter((c) => c.headers.cookie === undefined)
      const lanes = [0, 1, 2].map((n) => rest.filter((_, i) => i % 3 === n))
      await Promise.all([lane(sessionsInOrder(cookies)), ...lanes.map(lane)])
      assert.deepEqual(wrong.slice(0, 40), [])
    })
  }
  it('left no cell out', (test) => {
    test.diagnostic(`${tried} cells: ${routes().length} routes, ${all.length} credentials`)
    assert.equal(tried, routes().length * all.length)
    assert.ok(tried > 5_000, `${tried} cells`)
  })

  it('gives each kind of refusal at a device’s door a word of its own', async () => {
    for (const route of routes().filter((r) => 'device' in r.access && takesTokens(r))) {
      const words = new Map<string, string>()
      for (const c of all) {
        if (c.holder.is !== 'device' || c.holder.state === 'enrolled') continue
        words.set(c.holder.state, (await ask(route, c.headers)).code ?? 'none')
      }
      words.set('none', (await ask(route, {})).code ?? 'none')
      assert.equal(new Set(words.values()).size, 5, `${route.path}: ${JSON.stringify([...words])}`)
    }
  })

  it('shows whoever reaches some devices those alone', async () => {
    const [mine, other] = [await t.enrol('in the group'), await t.enrol('outside of it')]
    const group = await t.api<{ id: string }>(201, 'POST', '/groups', { body: { name: 'mine' } })
    await t.api(200, 'POST', `/groups/${group.id}/devices`, { body: { add: [mine.id] } })
    const permissions = ['device:*', 'activity:*', 'message:*', 'escrow:*', 'policy:read']
    const role = await t.api<{ id: string }>(201, 'POST', '/roles', {
      body: { name: 'some', title: 'Some', permissions },
    })
    await t.api(201, 'POST', '/users', {
      body: { name: 'limited', password: 'correct horse battery', roles: [{ role: role.id, group: group.id }] },
    })
    const session = await t.signIn('limited', 'correct horse battery')
    const ofOne = routes()
      .filter((r) => /^\/api\/v1\/devices\/:id/.test(r.path))
      .sort((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))
    assert.ok(ofOne.length > 10)
    for (const route of ofOne) {
      const their = await ask(route, session, route.path.replace(':id', other.id))
      assert.ok(
        their.status === 404 || (route.method === 'PATCH' && their.status === 400) || their.status === 400,
        `${route.method} ${route.path} of another: ${their.status}`,
      )
      const own = await ask(route, session, route.path.replace(':id', mine.id))
      assert.ok(
        own.status !== 404 && own.status !== 401 && own.status !== 403 && own.status < 500,
        `${route.method} ${route.path} of its own: ${own.status} ${own.code}`,
      )
    }
    await t.api(200, 'GET', `/devices/${other.id}`)
  })

  it('refuses a route that fits no rule', () => {
    const [credential] = all
    assert.ok(credential)
    assert.throws(() => due({ method: 'GET', path: '/new', access: {} as never }, credential), /no rule for GET \/new/)
  })
})

/** The ones that are valid first, for signing out at the end of each takes only its own session. */
function sessionsInOrder(cookies: readonly Credential[]): Credential[] {
  const unproven = (c: Credential) => c.holder.is === 'principal' && !c.holder.proven
  return [...cookies].sort((a, b) => Number(unproven(b)) - Number(unproven(a)))
}

/** Whoever signs out has no session afterwards: that comes last. */
function inOrder(routes: readonly RouteEntry[]): RouteEntry[] {
  const late = (r: RouteEntry) => Number(r.path.endsWith('/session')) * 2 + Number(r.method === 'DELETE')
  return [...routes].sort((a, b) => late(a) - late(b))
}
