/** Callers that hold on and give nothing: slow senders, half-open connections, readers that never read, crowds. Each is bounded, and nobody else notices. */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { startTestServer, type TestServer } from '../testing.ts'

describe('callers that hold on', { concurrency: true }, () => {
  let t: TestServer
  const open: Socket[] = []
  before(async () => {
    t = await startTestServer({ maxConnections: 400 })
  })
  after(async () => {
    for (const s of open) s.destroy()
    await t.stop()
  })
  const dial = (): Socket => {
    const socket = connect(t.server.ports.http as number, '127.0.0.1')
    // Being cut off is what is hoped for.
    socket.on('error', () => socket.destroy())
    open.push(socket)
    return socket
  }
  /** Seconds until the server ends it. */
  const lasts = (socket: Socket) => {
    const began = performance.now()
    return new Promise<number>((resolve) => socket.once('close', () => resolve((performance.now() - began) / 1000)))
  }
  const healthy = async () => assert.equal((await fetch(`${t.url}/healthz`)).status, 200)

  it('cuts off a head that comes drop by drop', { timeout: 170_000 }, async () => {
    const socket = dial()
    let heard = ''
    socket.on('data', (d) => {
      heard += String(d)
    })
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n')
    const drops = setInterval(() => socket.write('X-A: b\r\n'), 1_000)
    const seconds = await lasts(socket)
    clearInterval(drops)
    assert.ok(seconds < 150, `it held for ${seconds} s`)
    assert.doesNotMatch(heard, / 200 /)
    await healthy()
  })
  it('cuts off a device’s head that comes drop by drop', { timeout: 170_000 }, async () => {
    const socket = dial()
    socket.write('POST /linux/agent/sync HTTP/1.1\r\nHost: x\r\n')
    const drops = setInterval(() => socket.write('X-A: b\r\n'), 1_000)
    const seconds = await lasts(socket)
    clearInterval(drops)
    assert.ok(seconds < 150, `it held for ${seconds} s`)
  })
  it('cuts off one that says nothing at all', { timeout: 170_000 }, async () => {
    assert.ok((await lasts(dial())) < 165)
  })
  it('lets a half-closed connection go', { timeout: 120_000 }, async () => {
    const socket = dial()
    socket.end('POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc')
    // Without a reader the end of the stream is never seen.
    socket.resume()
    assert.ok((await lasts(socket)) < 100)
  })
  it('keeps little for a reader that never reads, however much it asks for', { timeout: 120_000 }, async () => {
    const one = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'
    const before = process.memoryUsage()
    const sockets = Array.from({ length: 20 }, () => {
      const socket = dial()
      socket.pause()
      // Five hundred answers of some hundred kilobytes each, never taken.
      socket.write(one.repeat(500))
      return socket
    })
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    const now = process.memoryUsage()
    const grown = now.rss - before.rss
    assert.ok(grown < 300 * 1024 * 1024, `${Math.round(grown / 1e6)} MB are kept for 20 callers that read nothing`)
    await healthy()
    for (const s of sockets) s.destroy()
  })
})

describe('crowds', () => {
  it('are let in up to the limit, and no further; who was in stays served', { timeout: 60_000 }, async () => {
    const t = await startTestServer({ maxConnections: 50 })
    try {
      const sockets: Socket[] = []
      let refused = 0
      for (let i = 0; i < 120; i++) {
        const s = connect(t.server.ports.http as number, '127.0.0.1')
        s.on('error', () => s.destroy())
        s.once('close', () => refused++)
        sockets.push(s)
      }
      const until = Date.now() + 20_000
      while (refused < 60 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50))
      assert.ok(refused >= 60, `${refused} of 120 were turned away`)
      const kept = sockets.find((s) => !s.destroyed)
      assert.ok(kept)
      const answer = new Promise<string>((resolve) => kept.once('data', (d) => resolve(String(d))))
      kept.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
      assert.match(await answer, /^HTTP\/1\.1 200 /)
      for (const s of sockets) s.destroy()
    } finally {
      await t.stop()
    }
  })
})
