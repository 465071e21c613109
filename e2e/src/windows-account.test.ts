/** People bring Windows PCs in on a page of ours (Federated): signed in with their own name, or with the code of an invitation; the licence is read and accepted there. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { accountCode } from '@muster/fleet'
import { deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'
import { type WindowsGround, windowsGround } from './windows-ground.ts'

const password = 'correct horse battery'
const account = 'ada@corp.example'

describe('windows: PCs that come in by a page', { timeout: 300_000 }, () => {
  let ground: WindowsGround
  const seen = (id: string) => deviceUnderTest(ground.muster, id, () => undefined)
  const detail = (id: string) =>
    ground.muster.api<{ ownership: string; owner: { name: string } | null }>('GET', `/devices/${id}`)

  before(async () => {
    const settings = { windows: { enrolment: { authPolicy: 'Federated' } } }
    ground = await windowsGround({ MUSTER_PLATFORM_SETTINGS: JSON.stringify(settings) })
    const { items } = await ground.muster.api<{ items: { id: string; name: string }[] }>('GET', '/roles')
    const role = items.find((r) => r.name === 'employee')?.id ?? ''
    await ground.muster.api('POST', '/users', { name: 'ada', email: account, password, roles: [{ role }] })
    const licence = { platform: 'windows', language: 'en', version: '3', text: 'Look after it.' }
    await ground.muster.api('POST', '/licences', licence)
  })
  after(() => ground?.close())

  it('a person signs in, accepts the licence, and the PC is hers', async () => {
    const pc = await ground.start({ no: 0, code: accountCode({ account, name: account, password }) })
    const { ownership, owner } = await detail(pc.id)
    assert.deepEqual([ownership, owner?.name], ['byod', 'ada'])
    assert.equal((await seen(pc.id).sent('device.lock', {})).state, 'completed')
  })

  it('the code of an invitation takes the place of a name', async () => {
    const pc = await ground.start({ no: 2 })
    assert.equal((await detail(pc.id)).ownership, 'cope')
    const told = async () => (await seen(pc.id).facts())['windows.csp'] !== undefined
    await until('it to tell of itself', told, { withinMs: 90_000, last: () => pc.lines.slice(-4) })
  })

  it('a wrong password brings nothing in', async () => {
    const before = await ground.muster.api<{ items: unknown[] }>('GET', '/devices')
    await assert.rejects(ground.start({ no: 5, code: accountCode({ account, name: account, password: 'wrong' }) }))
    assert.equal((await ground.muster.api<{ items: unknown[] }>('GET', '/devices')).items.length, before.items.length)
  })
})
