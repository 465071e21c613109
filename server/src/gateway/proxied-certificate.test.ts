/** Certificates from a proxy's header: both ways to write them, and from configured proxies alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FastifyRequest } from 'fastify'
import { createCertificateReader, readCertificateHeader } from './proxied-certificate.ts'

const der = Buffer.concat([Buffer.from([0x30, 0x82, 0x02, 0x58]), Buffer.alloc(600, 0xab)])
const sf = `:${der.toString('base64')}:`
const lines = der.toString('base64').replace(/.{64}/g, '$&\n')
const pem = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`

test('RFC 9440, and PEM as nginx escapes it', () => {
  for (const value of [sf, ` ${sf} `, encodeURIComponent(pem), encodeURI(pem).replaceAll('+', '%2B')])
    assert.deepEqual(readCertificateHeader(value), der)
})

test('anything else is no certificate', () => {
  const two = encodeURIComponent(pem + pem)
  const cut = `:${der.subarray(0, -1).toString('base64')}:`
  for (const value of [
    '',
    ':',
    '::',
    sf.slice(1),
    `${sf}, ${sf}`,
    `${sf};a=1`,
    cut,
    ':****:',
    two,
    '-----BEGIN%20CERTIFICATE-----%',
  ])
    assert.equal(readCertificateHeader(value), undefined, value.slice(0, 40))
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      assert.equal(readCertificateHeader(text), undefined)
      assert.ok([undefined, 0x30].includes(readCertificateHeader(`:${Buffer.from(text).toString('base64')}:`)?.[0]))
    }),
  )
})

const from = (remoteAddress: string, headers: object) =>
  ({ headers, raw: { socket: { remoteAddress } } }) as unknown as FastifyRequest

test('a header counts only from a proxy that is configured', () => {
  const read = createCertificateReader({ trustedProxies: ['10.1.0.0/16', '::1', 'uniquelocal'], header: 'Client-Cert' })
  for (const peer of ['10.1.2.3', '::ffff:10.1.2.3', '::1', '192.168.3.4', 'fd00::7'])
    assert.deepEqual(read(from(peer, { 'client-cert': sf })), der, peer)
  for (const peer of ['11.1.2.3', '::2', '127.0.0.1', '', 'nonsense'])
    assert.equal(read(from(peer, { 'client-cert': sf })), undefined, peer)
  assert.equal(read(from('10.1.2.3', {})), undefined)
  assert.equal(read(from('10.1.2.3', { 'x-client-cert': sf })), undefined)
  assert.equal(read(from('10.1.2.3', { 'client-cert': [sf, sf] })), undefined)
})

test('no header is read unless one is named, and a proxy that cannot be read is told', () => {
  assert.equal(
    createCertificateReader({ trustedProxies: ['loopback'] })(from('127.0.0.1', { 'client-cert': sf })),
    undefined,
  )
  for (const proxy of ['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8'])
    assert.throws(() => createCertificateReader({ trustedProxies: [proxy], header: 'x' }), /MUSTER_TRUSTED_PROXIES/)
})
