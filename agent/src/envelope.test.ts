import assert from 'node:assert/strict'
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import { type agentChannel, canonical, envelopeType, type Json, keyLinkType } from '@muster/contract'
import { checkEnvelope, type Key } from './envelope.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ed25519').privateKey
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1' } as Record<string, Json>
const trust = { device: 'd1', epoch: 2, signingKeys: [jwk] }
const now = 1_800_000_000_000
const payload = { script: 'id', timeoutS: 5, interpreter: 'sh' }

function delivery(
  o: { head?: Json; body?: Record<string, Json>; key?: KeyObject; payload?: Json } = {},
): agentChannel.AgentDelivery {
  const paramsHash = createHash('sha256').update(canonical(payload)).digest('base64url')
  const head = { alg: 'EdDSA', kid: 'k1', typ: envelopeType, ...(o.head as object) }
  const body = {
    device: 'd1',
    epoch: 2,
    operation: 'script.run',
    paramsHash,
    nbf: now / 1000 - 60,
    exp: now / 1000 + 60,
    nonce: 'o1-1',
    ...o.body,
  }
  const signed = [head, body].map((p) => Buffer.from(JSON.stringify(p)).toString('base64url')).join('.')
  const envelope = `${signed}.${sign(null, Buffer.from(signed), o.key ?? privateKey).toString('base64url')}`
  return {
    id: 'o1-1',
    kind: 'operation',
    name: 'script.run',
    payload: o.payload ?? payload,
    attempt: 1,
    deadline: '',
    envelope,
  }
}

test('a good signature holds until it expires', () => {
  assert.equal(checkEnvelope(delivery(), trust, now), now + 180_000)
  assert.equal(
    checkEnvelope(delivery({ payload: { timeoutS: 5, interpreter: 'sh', script: 'id' } }), trust, now),
    now + 180_000,
  )
})

const cases: [string, string, agentChannel.AgentDelivery][] = [
  ['none', 'envelope-missing', { ...delivery(), envelope: undefined }],
  ['not a signature', 'envelope-invalid', { ...delivery(), envelope: 'a.b.c' }],
  ['four parts', 'envelope-invalid', { ...delivery(), envelope: `${delivery().envelope}.x` }],
  ['huge', 'envelope-invalid', { ...delivery(), envelope: 'a'.repeat(20_000) }],
  ['another key', 'envelope-invalid', delivery({ key: other })],
  ['algorithm none', 'envelope-invalid', delivery({ head: { alg: 'none' } })],
  ['another type', 'envelope-invalid', delivery({ head: { typ: 'JWT' } })],
  ['critical extension', 'envelope-invalid', delivery({ head: { crit: ['x'] } })],
  ['unknown key id', 'envelope-invalid', delivery({ head: { kid: 'k2' } })],
  [
    'tampered body',
    'envelope-invalid',
    {
      ...delivery(),
      envelope: (delivery().envelope as string).replace(/\.(.)/, (_, c) => `.${c === 'A' ? 'B' : 'A'}`),
    },
  ],
  ['another device', 'envelope-foreign', delivery({ body: { device: 'd2' } })],
  ['older enrolment', 'envelope-foreign', delivery({ body: { epoch: 1 } })],
  ['another operation', 'envelope-mismatch', delivery({ body: { operation: 'service.restart' } })],
  ['another delivery', 'envelope-mismatch', delivery({ body: { nonce: 'o1-2' } })],
  ['another script', 'envelope-mismatch', delivery({ payload: { ...payload, script: 'rm -rf /' } })],
  ['too early', 'envelope-early', delivery({ body: { nbf: now / 1000 + 600 } })],
  ['expired', 'envelope-expired', delivery({ body: { exp: now / 1000 - 600 } })],
  ['no expiry', 'envelope-invalid', delivery({ body: { exp: null } })],
]
for (const [what, code, d] of cases) {
  test(`refused: ${what}`, () => {
    assert.throws(() => checkEnvelope(d, trust, now), { code })
  })
}

test('without any trusted key nothing is good', () => {
  assert.throws(() => checkEnvelope(delivery(), { ...trust, signingKeys: [] }, now), { code: 'envelope-invalid' })
})

/** One key's word for the next. */
function link(from: KeyObject, kid: string, next: KeyObject, nextKid: string): string {
  const { x } = createPublicKey(next).export({ format: 'jwk' })
  const head = { alg: 'EdDSA', kid, typ: keyLinkType }
  const body = { next: { kty: 'OKP', crv: 'Ed25519', x, kid: nextKid }, iat: 1_800_000_000 }
  const signed = [head, body].map((p) => Buffer.from(JSON.stringify(p)).toString('base64url')).join('.')
  return `${signed}.${sign(null, Buffer.from(signed), from).toString('base64url')}`
}

test('a new key of the server is accepted by a chain from the old one, which is then forgotten', () => {
  const [second, third] = [generateKeyPairSync('ed25519').privateKey, generateKeyPairSync('ed25519').privateKey]
  const chain = [link(privateKey, 'k1', second, 'k2'), link(second, 'k2', third, 'k3')]
  let known: readonly Key[] = trust.signingKeys
  const learning = {
    ...trust,
    get signingKeys() {
      return known
    },
    learned(keys: readonly Key[]) {
      known = keys
    },
  }
  const kids = () => known.map((k) => k.kid)
  checkEnvelope(delivery({ head: { kid: 'k2', chain: chain.slice(0, 1) }, key: second }), learning, now)
  assert.deepEqual(kids(), ['k2'])
  assert.throws(() => checkEnvelope(delivery(), learning, now), { code: 'envelope-invalid' })
  // What it knows already is passed over; a device that missed one rotation catches up.
  checkEnvelope(delivery({ head: { kid: 'k3', chain }, key: third }), learning, now)
  assert.deepEqual(kids(), ['k3'])
  known = trust.signingKeys
  checkEnvelope(delivery({ head: { kid: 'k3', chain }, key: third }), learning, now)
  assert.deepEqual(kids(), ['k3'])
})

test('no chain from a key that is trusted: nothing is accepted and nothing learned', () => {
  const evil = generateKeyPairSync('ed25519').privateKey
  const good = link(privateKey, 'k1', evil, 'k2')
  const wrong: Record<string, unknown> = {
    'vouched for by itself': [link(evil, 'k2', evil, 'k2')],
    'in the name of the old key': [link(evil, 'k1', evil, 'k2')],
    'another key under its name': [link(privateKey, 'k1', other, 'k2')],
    'a changed link': [`${good.slice(0, -4)}AAAA`],
    'no list': 'k2',
    'too many': Array.from({ length: 9 }, () => good),
    'no links': [null, 5, {}, '', 'a.b.c', '..'],
  }
  const learning = { ...trust, learned: () => assert.fail('learned') }
  for (const [what, chain] of Object.entries(wrong))
    assert.throws(
      () => checkEnvelope(delivery({ head: { kid: 'k2', chain: chain as Json }, key: evil }), learning, now),
      { code: 'envelope-invalid' },
      what,
    )
  // A chain teaches only together with a command that is good in itself.
  const stale: Record<string, Json>[] = [{ device: 'd2' }, { exp: now / 1000 - 600 }]
  for (const body of stale)
    assert.throws(() => checkEnvelope(delivery({ head: { kid: 'k2', chain: [good] }, key: evil, body }), learning, now))
})
