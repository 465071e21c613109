/** Who calls below node:http is who the framework would say that calls, or nobody is told. */
import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import Fastify from 'fastify'
import { createCallerReader } from './caller.ts'
import { createCertificateReader } from './proxied-certificate.ts'

const at = (remoteAddress: string): Socket =>
  Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress })
const der = Buffer.concat([Buffer.from([0x30, 0x82, 0x02, 0x58]), Buffer.alloc(600, 0xab)])
const shown = `:${der.toString('base64')}:`

test('the address is what the framework says, behind proxies and without; what takes more than one address is left to it', async () => {
  const trustedProxies = ['10.1.0.0/16', 'loopback', '2001:db8::/32']
  for (const proxies of [undefined, trustedProxies]) {
    const app = Fastify({ trustProxy: proxies ?? false })
    app.get('/', (request) => request.ip)
    const caller = createCallerReader({ trustedProxies: proxies })
    const peer = fc.constantFrom('10.1.2.3', '10.2.2.3', '127.0.0.1', '::1', '2001:db8::7', '2001:db9::7', '192.0.2.1')
    const told = fc.oneof(
      fc.constant(undefined),
      fc.ipV4(),
      fc.ipV6(),
      fc.constantFrom(
        '10.1.2.9',
        '127.0.0.1',
        '::ffff:10.1.2.3',
        'unknown',
        '192.0.2.1, 10.1.2.4',
        '[::1]',
        '192.0.2.1:80',
      ),
    )
    let read = 0
    await fc.assert(
      fc.asyncProperty(peer, told, async (remoteAddress, forwarded) => {
        const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
        const remote = caller.remoteOf(headers, at(remoteAddress))
        if (remote === undefined) return
        read += 1
        const answer = await app.inject({ url: '/', remoteAddress, headers })
        assert.equal(remote, answer.body)
      }),
    )
    assert.ok(read > 30)
    assert.equal(
      caller.remoteOf({ 'x-forwarded-for': '192.0.2.1, 10.1.2.4' }, at('10.1.2.3')),
      proxies ? undefined : '10.1.2.3',
    )
    await app.close()
  }
})

test('a certificate in a header is believed from the same proxies, and decoded once', () => {
  const o = { trustedProxies: ['10.1.0.0/16'], header: 'Client-Cert' }
  const caller = createCallerReader(o)
  const long = createCertificateReader(o)
  for (const peer of ['10.1.2.3', '::ffff:10.1.2.3', '10.2.2.3', ''])
    for (const value of [shown, '', ':x:', undefined, shown.replace('q', '-')]) {
      const headers: Record<string, string> = value === undefined ? {} : { 'client-cert': value }
      const socket = at(peer)
      const request = { headers, raw: { socket } } as unknown as Parameters<typeof long>[0]
      assert.deepEqual(caller.certificateOf(headers, socket), long(request), `${peer} ${value?.slice(0, 9)}`)
    }
  const proxy = at('10.1.2.3')
  const first = caller.certificateOf({ 'client-cert': shown }, proxy)
  assert.deepEqual(first, der)
  assert.equal(caller.certificateOf({ 'client-cert': `${shown}` }, proxy), first)
  assert.equal(createCallerReader({}).certificateOf({ 'client-cert': shown }, proxy), undefined)
})
