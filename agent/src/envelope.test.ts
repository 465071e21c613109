import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import { type agentChannel, canonical, envelopeType, type Json } from '@muster/contract'
import { checkEnvelope } from './envelope.ts'

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
