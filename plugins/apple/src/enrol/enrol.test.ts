/** What a person gets for a code: the profile, the licence before it, or words that say why not. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Ownership, type PlatformHost, Problem, type ProblemCode, type Reply, type Terms } from '@muster/contract'
import { inOtherWords } from '@muster/contract/testing'
import { isDict, type PlistDict, readPlist } from '@muster/kit/plist'
import { rsaKey, selfSigned } from '@muster/kit/testing'
import { enrolmentSteps, enrolRoutes } from './index.ts'

const signer = selfSigned(rsaKey(), 'Muster profiles')
const root = selfSigned(rsaKey(), 'Root').certificate
const folder = mkdtempSync(join(tmpdir(), 'muster-enrol-'))
after(() => rmSync(folder, { recursive: true }))

interface World {
  url?: string
  trust?: Uint8Array[]
  topic?: string
  licence?: Terms['licence']
  ownership?: Ownership
  refusal?: ProblemCode
  signs?: boolean
}
const topic = 'com.apple.mgmt.External.7f3a'
const licence = { version: '2.0', language: 'en', text: 'You <agree> & "obey".' }

function ask(query: string, w: World = {}, accept?: string): Promise<Reply> {
  const host = {
    server: () => ({ url: w.url ?? 'https://muster.example', trust: w.trust ?? [] }),
    organisation: async () => 'Analytical & Sons',
    invitation: async () => {
      if (w.refusal) throw new Problem(w.refusal)
      return {
        platform: 'apple',
        ownership: w.ownership ?? 'cope',
        organisation: 'Analytical & Sons',
        licence: w.licence,
      }
    },
    certificates: {
      own: async () => ({
        key: signer.key.export({ format: 'pem', type: 'pkcs8' }),
        chain: [signer.certificate],
        notAfter: new Date(),
      }),
    },
    clock: { now: () => new Date() },
  } as unknown as PlatformHost
  const [route] = enrolRoutes({
    host,
    options: { prefix: 'org.muster', signs: w.signs ?? true },
    topic: async () => ('topic' in w ? w.topic : topic),
  })
  assert.ok(route?.path === '/profile')
  const headers: Record<string, string> = accept ? { 'accept-language': accept } : {}
  const signal = AbortSignal.timeout(10_000)
  return route.handle({ method: 'GET', path: '/profile', query, headers, body: Buffer.alloc(0), remote: '', signal })
}
async function profile(query: string, w: World = {}): Promise<PlistDict> {
  const reply = await ask(`${query}&unsigned=1`, w)
  assert.deepEqual([reply.status, reply.headers?.['content-type']], [200, 'application/x-apple-aspen-config'])
  const read = readPlist(Buffer.from(String(reply.body)))
  assert.ok(isDict(read))
  return read
}
const payload = (p: PlistDict, type: string) =>
  (p.PayloadContent as PlistDict[]).find((c) => c.PayloadType === type) ?? assert.fail(`no ${type}`)
const code = '7ZK2M-Q0V9R-XTB4C-HW8JD'

test('the profile says where the identity comes from and where the device is managed from', async () => {
  const p = await profile(`code=${code}`)
  assert.equal(p.PayloadIdentifier, 'org.muster.enrolment')
  assert.equal(p.PayloadOrganization, 'Analytical & Sons')
  const scep = payload(p, 'com.apple.security.scep')
  const content = scep.PayloadContent as PlistDict
  assert.deepEqual(
    [content.URL, content.Challenge, content.Keysize, content['Key Type']],
    ['https://muster.example/apple/scep', code, 2048, 'RSA'],
  )
  const mdm = payload(p, 'com.apple.mdm')
  assert.equal(mdm.IdentityCertificateUUID, scep.PayloadUUID)
  assert.deepEqual(
    [mdm.Topic, mdm.ServerURL, mdm.CheckInURL, mdm.SignMessage, mdm.CheckOutWhenRemoved, mdm.AccessRights],
    [topic, 'https://muster.example/apple/mdm', 'https://muster.example/apple/checkin', true, true, 8191],
  )
  assert.equal((p.PayloadContent as PlistDict[]).length, 2)
  const ids = [p, ...(p.PayloadContent as PlistDict[])].map((c) => c.PayloadUUID)
  assert.equal(new Set(ids).size, ids.length)
  assert.deepEqual(await profile(`code=${code}`), p, 'the same again is the same')
})

test('a device of its own user cannot be erased; one of ours trusts us first where it must', async () => {
  const byod = payload(await profile(`code=${code}`, { ownership: 'byod' }), 'com.apple.mdm')
  assert.equal(Number(byod.AccessRights) & 8, 0)
  assert.equal(payload(await profile(`code=${code}`, { signs: false }), 'com.apple.mdm').SignMessage, false)
  const trusting = await profile(`code=${code}`, { trust: [root] })
  const { PayloadContent: der } = payload(trusting, 'com.apple.security.root')
  assert.deepEqual(Buffer.from(der as Uint8Array), Buffer.from(root))
  assert.equal((trusting.PayloadContent as PlistDict[])[0]?.PayloadType, 'com.apple.security.root')
})

test('signed, as OpenSSL verifies it, with the same inside', async () => {
  const bare = await ask(`code=${code}&unsigned=1`)
  const reply = await ask(`code=${code}`)
  writeFileSync(join(folder, 'signed'), reply.body as Uint8Array)
  writeFileSync(join(folder, 'signer'), new X509Certificate(signer.certificate).toString())
  const verify = [
    'cms',
    '-verify',
    '-inform',
    'DER',
    '-in',
    'signed',
    '-CAfile',
    'signer',
    '-purpose',
    'any',
    '-binary',
  ]
  const inside = execFileSync('openssl', verify, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
  assert.equal(inside.toString(), bare.body)
})

test('the licence comes first, in full and harmless; the version that was accepted goes into the profile', async () => {
  const page = await ask(`code=${code}&unsigned=1`, { licence })
  assert.deepEqual([page.status, page.headers?.['content-type']], [200, 'text/html; charset=utf-8'])
  assert.match(String(page.body), /You &lt;agree&gt; &amp; &quot;obey&quot;\./)
  assert.match(String(page.body), /name="licence" value="2.0"/)
  assert.match(String(page.body), /name="unsigned" value="1"/)
  assert.match(String((await ask(`code=${code}&licence=1.9`, { licence })).body), /<form/)
  const german = await ask(`code=${code}`, { licence }, 'de-AT,en;q=0.5')
  assert.match(String(german.body), /Akzeptieren/)
  const mdm = payload(await profile(`code=${code}&licence=2.0`, { licence }), 'com.apple.mdm')
  assert.equal(mdm.ServerURL, 'https://muster.example/apple/mdm?licence=2.0')
  // Without a licence none is claimed to be accepted.
  assert.equal(
    payload(await profile(`code=${code}&licence=9`), 'com.apple.mdm').ServerURL,
    'https://muster.example/apple/mdm',
  )
})

test('no profile: a page says why, with its own status and never one that makes a device leave', async () => {
  const cases: [World, number, RegExp][] = [
    [{ refusal: 'invitation-unknown' }, 404, /code is wrong/],
    [{ refusal: 'invitation-used' }, 409, /used already/],
    [{ refusal: 'invitation-expired' }, 410, /expired/],
    [{ refusal: 'invitation-revoked' }, 410, /withdrawn/],
    [{ refusal: 'invitation-platform' }, 422, /another kind/],
    [{ topic: undefined }, 503, /push certificate is missing/],
    [{ url: 'http://muster.example' }, 503, /https/],
  ]
  for (const [w, status, words] of cases) {
    const reply = await ask(`code=${code}`, w)
    assert.equal(reply.status, status)
    assert.match(String(reply.body), words)
    assert.notEqual((await ask(`code=${code}`, w, 'de')).body, reply.body)
  }
  assert.equal((await ask('', { refusal: 'invitation-unknown' })).status, 404)
  await assert.rejects(ask(`code=${code}`, { refusal: 'overloaded' }), /overloaded|pressed|busy/i)
  assert.equal((await ask(`code=${code}`, { url: 'http://localhost:8080' })).status, 200)
})

test('the steps on the enrolment page lead to the profile, or say what is missing', async () => {
  const host = { server: () => ({ url: 'https://muster.example', trust: [] }) } as unknown as PlatformHost
  const [first] = await enrolmentSteps(host, { code, topic })
  assert.equal(first?.link, `https://muster.example/apple/profile?code=${code}`)
  assert.match((await enrolmentSteps(host, { code, topic: undefined }))[0]?.text ?? '', /push certificate/)
  for (const at of [topic, undefined]) {
    const english = await enrolmentSteps(host, { code, topic: at })
    const german = await enrolmentSteps(host, { code, topic: at, language: 'de-AT' })
    inOtherWords(english, german)
  }
})
