/** Idle devices answered at once: only where it is surely nothing but that, proved, and of the device's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, PlatformHost } from '@muster/contract'
import { writeXmlPlist } from '@muster/kit/plist'
import { createIdle, createNow } from './idle.ts'
import { createPlainReports } from './plain-report.ts'
import type { Proof, Signed } from './proof.ts'

const channel: Channel = {
  no: 7,
  device: 'd',
  platform: 'apple',
  epoch: 1,
  name: 'device',
  lifecycle: 'active',
  blocked: false,
  ownership: 'cope',
}
const certificate = Buffer.from('certificate')

function world(o: { proof?: Proof; rests?: boolean; own?: boolean; waits?: boolean; signs?: boolean } = {}) {
  const seen: number[] = []
  let proved = 0
  const idle: PlatformHost['idle'] = (proof, take, expectInS, again) => {
    assert.deepEqual([proof, take, again], [{ certificate }, 1, true])
    const expected = expectInS(channel)
    if (expected === undefined || o.waits) return undefined
    seen.push(expected)
    return channel
  }
  const now = createNow({
    idle: createIdle({
      host: { idle } as PlatformHost,
      channels: { isOwn: (c, sender) => (o.own ?? sender.udid === 'U') && c.no === 7 },
      rests: () => o.rests ?? true,
    }),
    proofs: {
      claims: () => o.signs ?? false,
      of: () => {
        proved += 1
        return o.proof ?? { certificate }
      },
    },
    reports: createPlainReports(),
  })
  const say = (words: Record<string, string>) => {
    const asked: Signed = { headers: {}, body: Buffer.from(writeXmlPlist(words)) }
    return now({ ...asked, query: '' })
  }
  return { say, seen, proved: () => proved }
}

test('a device for which nothing waits hears so, and was seen', () => {
  const { say, seen } = world()
  assert.deepEqual(say({ Status: 'Idle', UDID: 'U' }), {
    status: 200,
    headers: { 'content-type': 'application/xml; charset=utf-8' },
    body: '',
  })
  assert.deepEqual(seen, [36 * 3600])
})

test('who signs and is known here is for the short way, which proves the crowd together', () => {
  const { say, seen, proved } = world({ signs: true })
  assert.equal(say({ Status: 'Idle', UDID: 'U' }), undefined)
  assert.deepEqual([seen, proved()], [[], 0])
})

test('whatever means more is left to the long way, and nothing is done', () => {
  const words: Record<string, string>[] = [
    { Status: 'Acknowledged', UDID: 'U', CommandUUID: 'o1-1' },
    { Status: 'Idle' },
    { Status: 'Idle', UDID: '' },
    { Status: 'Idle', UDID: 'U'.repeat(200) },
    { Status: 'Idle', UDID: 'U', UserID: 'somebody' },
    { Status: 'Idle', UDID: 'U', MessageType: 'CheckOut' },
    { MessageType: 'TokenUpdate', UDID: 'U' },
  ]
  const { say, seen, proved } = world()
  for (const w of words) assert.equal(say(w), undefined, JSON.stringify(w))
  assert.equal(proved(), 0)
  for (const o of [{ proof: { missing: 'forged' } as const }, { rests: false }, { own: false }, { waits: true }]) {
    const other = world(o)
    assert.equal(other.say({ Status: 'Idle', UDID: 'U' }), undefined, JSON.stringify(o))
    assert.deepEqual(other.seen, [])
  }
  assert.deepEqual(seen, [])
})
