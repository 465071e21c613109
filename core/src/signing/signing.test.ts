/** The proof that a command carries, judged as a device judges it: by the published key alone. */
import assert from 'node:assert/strict'
import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { canonical, Envelope, envelopeType, KeyLink, keyChainLimit, keyLinkType } from '@muster/contract'
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK, type JWK } from 'jose'
import { createSigning, readLinks, rotateSigningKey } from './index.ts'

const c = { device: '01930000-0000-7000-8000-000000000007', epoch: 3 }
const command = {
  id: 'o7-1',
  operation: 'script.run',
  params: { b: 2, a: ['x', { z: 1, y: null }] },
  deadline: new Date('2031-01-01T00:00:00.900Z'),
}

test('the envelope names device, epoch, operation, params, times and the delivery, and verifies with the published key', async () => {
  const signing = await createSigning(generateKeyPairSync('ed25519').privateKey)
  const [jwk] = signing.publicKeys()
  const { payload, protectedHeader } = await compactVerify(
    await signing.envelope(c, command),
    await importJWK(jwk as JWK, 'EdDSA'),
  )
  const said = Envelope.parse(JSON.parse(new TextDecoder().decode(payload)))
  const now = Math.floor(Date.now() / 1000)
  assert.ok(Math.abs(said.nbf - (now - 300)) <= 2)
  assert.deepEqual(
    { ...said, nbf: 0 },
    {
      ...c,
      operation: 'script.run',
      nbf: 0,
      exp: 1_924_992_000,
      nonce: 'o7-1',
      paramsHash: createHash('sha256').update('{"a":["x",{"y":null,"z":1}],"b":2}').digest('base64url'),
    },
  )
  assert.deepEqual(protectedHeader, { alg: 'EdDSA', kid: await calculateJwkThumbprint(jwk as JWK), typ: envelopeType })
})

test('what is published holds nothing private, and the same key has the same name', async () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const [a, b] = [await createSigning(privateKey), await createSigning(privateKey)]
  assert.deepEqual(a.publicKeys(), b.publicKeys())
  assert.deepEqual(Object.keys(a.publicKeys()[0] ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x'])
})

test('another key, a changed word or a changed order of params does not pass for it', async () => {
  const [mine, other] = [
    await createSigning(generateKeyPairSync('ed25519').privateKey),
    await createSigning(generateKeyPairSync('ed25519').privateKey),
  ]
  const key = await importJWK(mine.publicKeys()[0] as JWK, 'EdDSA')
  await assert.rejects(compactVerify(await other.envelope(c, command), key))
  const [head, payload, signature] = (await mine.envelope(c, command)).split('.') as [string, string, string]
  const changed = Buffer.from(
    Buffer.from(payload, 'base64url').toString().replace('script.run', 'device.wipe'),
  ).toString('base64url')
  await assert.rejects(compactVerify([head, changed, signature].join('.'), key))
  const reordered = { ...command, params: { a: command.params.a, b: 2 } }
  assert.equal(canonical(reordered.params), canonical(command.params))
})

test('a rotated key is vouched for by the one before it, in one file that is never half of anything', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-signing-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'commands.pem')
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
  writeFileSync(file, pem, { mode: 0o600 })
  const open = async () => createSigning(createPrivateKey(readFileSync(file)), readLinks(file))
  const first = (await open()).publicKeys()[0] as JWK
  assert.equal(decodeProtectedHeader(await (await open()).envelope(c, command)).chain, undefined)

  const turns = [await rotateSigningKey(file), await rotateSigningKey(file)]
  assert.deepEqual([turns[0]?.from, turns[1]?.from], [first.kid, turns[0]?.to])
  const signing = await open()
  const { kid, chain } = decodeProtectedHeader(await signing.envelope(c, command))
  assert.deepEqual([kid, signing.publicKeys()[0]?.kid], [turns[1]?.to, turns[1]?.to])
  // Link by link from the first key alone.
  let key = first
  for (const link of chain as string[]) {
    const { payload, protectedHeader } = await compactVerify(link, await importJWK(key, 'EdDSA'))
    assert.deepEqual([protectedHeader.typ, protectedHeader.kid], [keyLinkType, key.kid])
    key = KeyLink.parse(JSON.parse(new TextDecoder().decode(payload))).next
  }
  assert.equal(key.kid, kid)
  await compactVerify(await signing.envelope(c, command), await importJWK(key, 'EdDSA'))

  for (let n = 0; n < keyChainLimit; n += 1) await rotateSigningKey(file)
  assert.equal(readLinks(file).length, keyChainLimit)
  assert.ok((await (await open()).envelope(c, command)).length < 16_384)
  assert.deepEqual([readdirSync(folder), statSync(file).mode & 0o777], [['commands.pem'], 0o600])
})
