/** Open doors before there is a framework: devices by the lane are answered, everybody else waits for it in order, and is let go when it never comes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants } from 'node:os'
import { after, test } from 'node:test'
import type { Reply } from '@muster/contract'
import { silentLog } from '@muster/core/testing'
import { createEntrance, type Entrance } from './entrance.ts'

const open: Entrance[] = []
after(() => Promise.all(open.map((e) => e.close(0))))

async function entrance(): Promise<{ e: Entrance; url: string }> {
  const e = createEntrance({ log: silentLog, ports: { http: 0 }, host: '127.0.0.1' })
  open.push(e)
  const answer: Reply = { status: 200, body: 'by the lane' }
  e.shortcuts.set('POST /toy/in', () => answer)
  const { http } = await e.open()
  assert.deepEqual(await e.open(), { http }, 'opened once')
  return { e, url: `http://127.0.0.1:${http}` }
}
const device = (url: string) => fetch(`${url}/toy/in`, { method: 'POST', body: '{}' }).then((r) => r.text())

test('devices are answered while people wait, and people once there is who answers them', async () => {
  const { e, url } = await entrance()
  assert.equal(await device(url), 'by the lane')
  const asked = ['/a', '/b'].map((path) => fetch(url + path).then((r) => r.text()))
  assert.equal(await device(url), 'by the lane')
  const early = await Promise.race([...asked, device(url)])
  assert.equal(early, 'by the lane', 'nobody of those who wait was answered')
  e.serve((request, response) => void response.end(`page ${request.url}`))
  assert.deepEqual(await Promise.all(asked), ['page /a', 'page /b'])
  assert.equal(await (await fetch(`${url}/c`)).text(), 'page /c')
})

test('a body that was sent meanwhile is read by who comes later', async () => {
  const { e, url } = await entrance()
  const body = 'x'.repeat(300_000)
  const asked = fetch(`${url}/upload`, { method: 'POST', body }).then((r) => r.text())
  await device(url)
  e.serve(async (request, response) => {
    let bytes = 0
    request.on('data', (part: Buffer) => (bytes += part.length))
    await once(request, 'end')
    response.end(String(bytes))
  })
  assert.equal(await asked, String(body.length))
})

test('when the start fails, those who waited are let go', async () => {
  const { e, url } = await entrance()
  const asked = fetch(`${url}/a`)
  await device(url)
  const gone = assert.rejects(asked)
  await e.close(20_000)
  await gone
})

test('where the machine has no IPv6, the doors open without it', async (t) => {
  interface Sockets {
    TCP: { prototype: { bind6(...a: unknown[]): number } }
  }
  // What node itself opens sockets with: there is no other way to take IPv6 away.
  const { TCP } = (process as unknown as { binding(name: string): Sockets }).binding('tcp_wrap')
  const { mock } = t.mock.method(TCP.prototype, 'bind6', () => -constants.errno.EAFNOSUPPORT)
  const e = createEntrance({ log: silentLog, ports: { http: 0 } })
  open.push(e)
  e.shortcuts.set('POST /toy/in', () => ({ status: 200, body: 'by the lane' }))
  const { http } = await e.open()
  assert.equal(mock.callCount(), 1)
  assert.equal(await device(`http://127.0.0.1:${http}`), 'by the lane')
})
