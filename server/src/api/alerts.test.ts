/** Alerts: silence and return of devices told once, within reach, acknowledged once. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eventually, nobody, startTestServer, type TestServer } from '../testing.ts'

interface Alert {
  id: string
  type: string
  severity: string
  device: { id: string; name: string } | null
  data: { [key: string]: unknown }
  acknowledgedAt: string | null
  acknowledgedBy: string | null
}

describe('alerts', () => {
  let t: TestServer
  before(async () => {
    // No worker: it would look by itself, each 10 s, in the midst of what is tried here.
    t = await startTestServer({ roles: ['api', 'devices'] })
  })
  after(() => t.stop())
  const alerts = async (query = '', token?: string) =>
    (await t.api<{ items: Alert[] }>(200, 'GET', `/alerts${query}`, { token })).items
  const events = async (device: string) =>
    (await t.api<{ items: { type: string; severity: string }[] }>(200, 'GET', `/devices/${device}/events`)).items
  /** As if the device had been silent for so long, and the server had been listening all the time. */
  async function silent(device: string, forS: number): Promise<void> {
    const { db } = t.server.core
    await t.server.core.devices.seen.flush()
    await db.query({
      text: 'update seen s set at = now() - make_interval(secs => $1) from channel c join device d on d.no = c.device where c.no = s.channel and d.id = $2',
      values: [forS, device],
    })
  }

  it('tells of a silent device once, and of its return', async () => {
    const d = await t.enrol('quiet')
    await d.sync()
    await silent(d.id, 1)
    const watch = watcher(t)
    await watch()
    assert.deepEqual(await alerts(`?device=${d.id}`), [], 'a new device is no news')
    await silent(d.id, 3_600)
    await watch()
    await watch()
    const [found, ...more] = await alerts(`?device=${d.id}`)
    assert.deepEqual([found?.type, found?.severity, more.length], ['device.unreachable', 'warning', 0])
    assert.deepEqual(found?.device, { id: d.id, name: 'quiet' })
    assert.equal(found?.data.was, 'reachable')
    await silent(d.id, 15 * 86_400)
    await watch()
    await d.sync()
    await t.server.core.devices.seen.flush()
    await watch()
    assert.deepEqual(
      (await events(d.id)).map((e) => [e.type, e.severity]),
      [
        ['device.reachable', 'info'],
        ['device.inactive', 'warning'],
        ['device.unreachable', 'warning'],
      ],
    )
    const told = await t.server.core.db.query<{ n: number }>({
      text: `select count(*) as n from outbox where type = 'device.event' and data ->> 'device' = $1`,
      values: [d.id],
    })
    assert.equal(told[0]?.n, 3)
  })
  it('does not blame devices for the time the server itself was away', async () => {
    const d = await t.enrol('patient')
    await d.sync()
    await silent(d.id, 1)
    await watcher(t)()
    await silent(d.id, 3_600)
    await watcher(t, new Date())()
    assert.deepEqual(await alerts(`?device=${d.id}`), [])
  })
  it('tells of rooting, of lost encryption and of another SIM', async () => {
    const sim = (value: string) => ({ 'device.identifiers': [{ kind: 'iccid', value }] })
    const d = await t.enrol('changing', {
      facts: { 'security.rooted': false, 'security.encrypted': true, ...sim('1111') },
    })
    const watch = watcher(t)
    await watch()
    await d.sync({ facts: { 'security.rooted': true, 'security.encrypted': false, ...sim('2222') } })
    await eventually(async () => {
      await watch()
      return (await alerts(`?device=${d.id}`)).length === 3
    })
    const found = Object.fromEntries((await alerts(`?device=${d.id}`)).map((a) => [a.type, a]))
    assert.equal(found['device.rooted']?.severity, 'critical')
    assert.equal(found['device.unencrypted']?.severity, 'warning')
    assert.deepEqual(found['device.sim-changed']?.data, { kind: 'iccid', from: '1111', to: ['2222'] })
    await watch()
    assert.equal((await alerts(`?device=${d.id}`)).length, 3)
  })
  it('lists with filters and cursors, each alert once', async () => {
    const all = await alerts('?limit=200')
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const page = await t.api<{ items: Alert[]; next?: string }>(200, 'GET', `/alerts?limit=1${cursor}`)
      seen.push(...page.items.map((a) => a.id))
      if (!page.next) break
      cursor = `&cursor=${page.next}`
    }
    assert.deepEqual(
      seen,
      all.map((a) => a.id),
    )
    assert.ok(all.length >= 5)
    assert.ok((await alerts('?severity=critical')).every((a) => a.severity === 'critical'))
    assert.ok((await alerts('?type=device.inactive')).every((a) => a.type === 'device.inactive'))
    assert.deepEqual(await alerts(`?device=${nobody}`), [])
    for (const bad of ['?severity=info', '?open=maybe', '?cursor=x', '?type=%00', '?limit=0', '?nonsense=1'])
      await t.api(400, 'GET', `/alerts${bad}`)
  })
  it('is acknowledged once, by who may', async () => {
    const [open] = await alerts('?open=true')
    assert.ok(open)
    const path = `/alerts/${open.id}/acknowledge`
    await t.api(403, 'POST', path, { token: await t.tokenWith('device:read') })
    const done = await t.api<Alert>(200, 'POST', path)
    assert.ok(done.acknowledgedAt)
    const again = await t.api<Alert>(200, 'POST', path, { token: await t.tokenWith('device:write') })
    assert.equal(again.acknowledgedBy, done.acknowledgedBy)
    assert.ok((await alerts('?open=true')).every((a) => a.id !== open.id))
    assert.ok((await alerts('?open=false')).some((a) => a.id === open.id))
    for (const id of ['0', 'x', '999999999', '-1', '1'.repeat(30)])
      await t.api(404, 'POST', `/alerts/${id}/acknowledge`)
  })
  it('shows and gives an employee only what is on their own devices', async () => {
    const role = await t.api<{ id: string }>(201, 'POST', '/roles', {
      body: { name: 'own-alerts', permissions: ['device:*'], own: true },
    })
    const user = await t.api<{ id: string }>(201, 'POST', '/users', {
      body: { name: 'olga', password: 'a long enough word', roles: [{ role: role.id }] },
    })
    const d = await t.enrol('hers', { user: user.id, facts: { 'security.rooted': true } })
    await eventually(async () => {
      await watcher(t)()
      return (await alerts(`?device=${d.id}`)).length === 1
    })
    const headers = await t.signIn('olga', 'a long enough word')
    const { items } = await t.api<{ items: Alert[] }>(200, 'GET', '/alerts', { headers, token: null })
    assert.deepEqual(
      items.map((a) => a.device?.id),
      [d.id],
    )
    const other = (await alerts()).find((a) => a.device?.id !== d.id)
    await t.api(404, 'POST', `/alerts/${other?.id}/acknowledge`, { headers, token: null })
  })
})

/** The work of the worker node, done now: by one that has been listening since yesterday, unless told otherwise. */
function watcher(t: TestServer, hearingSince = new Date(Date.now() - 86_400_000)): () => Promise<number> {
  const { core } = t.server
  return () => core.watch(hearingSince)
}
