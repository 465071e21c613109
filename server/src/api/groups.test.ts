/** Groups over HTTP: members by hand or by a query that follows what devices are. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eventually, nobody, startTestServer, type TestDevice, type TestServer } from '../testing.ts'

type Group = { id: string; name: string; devices: number; revision: number; query: unknown }
type Page = { items: { name: string }[] }

describe('groups', () => {
  let t: TestServer
  let red: TestDevice
  before(async () => {
    t = await startTestServer()
    red = await t.enrol('red')
    await t.enrol('blue')
  })
  after(() => t.stop())
  const members = async (id: string) =>
    (await t.api<Page>(200, 'GET', `/groups/${id}/devices`)).items.map((d) => d.name)

  it('holds the devices it is given', async () => {
    const group = await t.api<Group>(201, 'POST', '/groups', { body: { name: 'By hand', description: 'x' } })
    assert.deepEqual(await t.api(200, 'POST', `/groups/${group.id}/devices`, { body: { add: [red.id] } }), {
      added: 1,
      removed: 0,
    })
    assert.deepEqual(await t.api(200, 'POST', `/groups/${group.id}/devices`, { body: { add: [red.id] } }), {
      added: 0,
      removed: 0,
    })
    assert.deepEqual(await members(group.id), ['red'])
    assert.equal(
      (await t.api<{ code: string }>(422, 'POST', `/groups/${group.id}/devices`, { body: { add: [nobody] } })).code,
      'invalid-target',
    )
    await t.api(400, 'POST', `/groups/${group.id}/devices`, { body: { add: ['x'] } })
    assert.deepEqual(await t.api(200, 'POST', `/groups/${group.id}/devices`, { body: { remove: [red.id] } }), {
      added: 0,
      removed: 1,
    })
    assert.equal(
      (await t.api<{ code: string }>(409, 'POST', '/groups', { body: { name: 'By hand' } })).code,
      'already-exists',
    )
  })
  it('fills itself by a query, and follows renames', async () => {
    const query = {
      or: [
        { field: 'name', op: 'eq', value: 'blue' },
        { field: 'name', op: 'eq', value: 'crimson' },
      ],
    }
    assert.deepEqual(await t.api(200, 'POST', '/groups/preview', { body: { query } as never }), { devices: 1 })
    const group = await t.api<Group>(201, 'POST', '/groups', { body: { name: 'By query', query } as never })
    assert.deepEqual(await members(group.id), ['blue'])
    const { revision } = await t.api<{ revision: number }>(200, 'GET', `/devices/${red.id}`)
    await t.api(200, 'PATCH', `/devices/${red.id}`, {
      body: { name: 'crimson' },
      headers: { 'if-match': `"${revision}"` },
    })
    await eventually(async () => (await members(group.id)).length === 2)
    assert.equal(
      (await t.api<{ code: string }>(409, 'POST', `/groups/${group.id}/devices`, { body: { add: [red.id] } })).code,
      'wrong-state',
    )
  })
  it('is changed by whoever read it last, and removed', async () => {
    const group = await t.api<Group>(201, 'POST', '/groups', { body: { name: 'Short' } })
    const headers = { 'if-match': `"${group.revision}"` }
    const changed = await t.api<Group>(200, 'PUT', `/groups/${group.id}`, { headers, body: { name: 'Shorter' } })
    assert.equal(changed.name, 'Shorter')
    await t.api(412, 'PUT', `/groups/${group.id}`, { headers, body: { name: 'Lost' } })
    await t.api(400, 'PUT', `/groups/${group.id}`, { body: { name: 'No revision' } })
    await t.api(204, 'DELETE', `/groups/${group.id}`)
    await t.api(404, 'DELETE', `/groups/${group.id}`)
  })
  it('lets nobody widen a role that is held for a group by letting devices in', async () => {
    const group = await t.api<Group>(201, 'POST', '/groups', { body: { name: 'Of a role' } })
    const role = (name: string, permissions: string[]) =>
      t.api<{ id: string }>(201, 'POST', '/roles', { body: { name, permissions } })
    const acts = await role('acts', ['device:*', 'operation:*'])
    const keeps = await role('keeps', ['group:*', 'device:read'])
    const roles: Record<string, string>[] = [{ role: acts.id, group: group.id }, { role: keeps.id }]
    await t.api(201, 'POST', '/users', { body: { name: 'wide', password: 'wide enough word', roles } })
    const headers = await t.signIn('wide', 'wide enough word')
    const ifMatch = { ...headers, 'if-match': `"${group.revision}"` }
    const query = { field: 'name', op: 'exists' }
    await t.api(403, 'POST', `/groups/${group.id}/devices`, { token: null, headers, body: { add: [red.id] } })
    await t.api(403, 'PUT', `/groups/${group.id}`, { token: null, headers: ifMatch, body: { name: 'All', query } })
    await t.api(200, 'PUT', `/groups/${group.id}`, { token: null, headers: ifMatch, body: { name: 'Renamed' } })
    await t.api(200, 'POST', `/groups/${group.id}/devices`, { body: { add: [red.id] } })
    await t.api(200, 'POST', `/groups/${group.id}/devices`, { token: null, headers, body: { remove: [red.id] } })
  })
  it('refuses queries it cannot read, saying why', async () => {
    const deep = Array.from({ length: 12 }).reduce<object>((q) => ({ not: q }), { field: 'name', op: 'exists' })
    for (const query of [
      {},
      { field: 'name' },
      { field: 'name', op: 'eq', value: {} },
      { and: [] },
      { field: 'name', op: '; drop table device', value: 'x' },
      deep,
    ]) {
      const refused = await t.api<{ code: string }>(422, 'POST', '/groups/preview', { body: { query } as never })
      assert.equal(refused.code, 'invalid-query', JSON.stringify(query))
    }
  })
})
