/** A device behind a proxy that ends TLS: known by the certificate in a header, from the proxy alone, and by none that somebody else wrote. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type PlistDict, writeXmlPlist } from '@muster/kit/plist'
import { type Installation, install } from '../installation.ts'
import { type Call, type Identity, scep } from './device.fixture.ts'

const header = 'x-device-certificate'
let muster: Installation
let identity: Identity
before(async () => {
  muster = await install({ MUSTER_TRUSTED_PROXIES: 'loopback', MUSTER_CLIENT_CERTIFICATE_HEADER: header })
  identity = await scep(callAt(muster.url), await invite(muster))
})
after(() => muster.close())

const callAt =
  (url: string): Call =>
  async (method, path, { query = '', headers, body } = {}) => {
    const reply = await fetch(`${url}/apple${path}?${query}`, { method, headers, body: body && Buffer.from(body) })
    return { status: reply.status, body: new Uint8Array(await reply.arrayBuffer()) }
  }
const invite = async (at: Installation) =>
  (await at.api<{ code: string }>('POST', '/invitations', { platform: 'apple', ownership: 'cope' })).code
const base64 = (of: Identity) => Buffer.from(of.certificate).toString('base64')
const forms = {
  'RFC 9440': (of: Identity) => `:${base64(of)}:`,
  nginx: (of: Identity) =>
    encodeURIComponent(
      `-----BEGIN CERTIFICATE-----\n${base64(of).replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    ),
}
const udid = '11111111-2222-3333-4444-555555555555'
async function say(message: PlistDict, headers: Record<string, string>): Promise<number> {
  const body = Buffer.from(writeXmlPlist({ UDID: udid, ...message }))
  return (await callAt(muster.url)('PUT', '/mdm', { body, headers })).status
}
const authenticate = { MessageType: 'Authenticate', Topic: 'com.apple.mgmt.x', SerialNumber: 'C02PROXY' }
const token = { MessageType: 'TokenUpdate', Topic: 'com.apple.mgmt.x', Token: Buffer.alloc(32, 3), PushMagic: 'magic' }

test('without the header, or with one of nobody’s, it is nobody: 400, and never what makes a device leave', async () => {
  assert.equal(await say(authenticate, {}), 400)
  for (const value of [
    '',
    'x',
    '::',
    `:${Buffer.from('hello').toString('base64')}:`,
    encodeURIComponent('-----BEGIN CERTIFICATE-----'),
  ])
    assert.equal(await say(authenticate, { [header]: value }), 400, value)
})

test('in both forms the device comes in and is obeyed', async () => {
  const [first, second] = Object.values(forms)
  assert.deepEqual(await say(authenticate, { [header]: first!(identity) }), 200)
  assert.deepEqual(await say(token, { [header]: second!(identity) }), 200)
  for (const form of Object.values(forms))
    assert.equal(await say({ Status: 'Idle' }, { [header]: form(identity) }), 200)
})

test('one that enrols again and again is at once who it is now', async () => {
  const form = forms['RFC 9440']
  for (let i = 0; i < 5; i++)
    for (const message of [authenticate, token, { Status: 'Idle' }])
      assert.equal(
        await say(message, { [header]: form(identity) }),
        200,
        `${i} ${JSON.stringify(Object.values(message)[0])}`,
      )
})

test('not from anybody but a proxy that is configured', async () => {
  const elsewhere = await install({ MUSTER_TRUSTED_PROXIES: '192.0.2.1', MUSTER_CLIENT_CERTIFICATE_HEADER: header })
  try {
    const call = callAt(elsewhere.url)
    const own = await scep(call, await invite(elsewhere))
    const body = Buffer.from(writeXmlPlist({ UDID: udid, ...authenticate }))
    for (const form of Object.values(forms))
      assert.equal((await call('PUT', '/mdm', { body, headers: { [header]: form(own) } })).status, 400)
  } finally {
    await elsewhere.close()
  }
})
