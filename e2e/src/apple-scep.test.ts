/**
 * The SCEP server with clients that others wrote: Debian's `scepclient` and strongSwan's `pki --scep`. Asked for by name
 * (`npm run e2e -- apple-scep`) or in CI, a machine without them fails and says what it lacks.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Installation, install } from './installation.ts'
import { command, detour, type Form, missingScepClients } from './scep-clients.ts'

/** Started by its name, or by CI: then nothing of it may be left out. */
const demanded = process.env.npm_lifecycle_event === 'e2e' || process.env.CI === 'true'
const missing = missingScepClients()

describe('SCEP, as other clients speak it', () => {
  let muster: Installation
  let folder: string
  let url: string
  let files = 0
  before(async () => {
    muster = await install()
    url = `${muster.url}/apple/scep`
    folder = await mkdtemp(join(tmpdir(), 'muster-scep-'))
  })
  after(async () => {
    await muster.close()
    await rm(folder, { recursive: true })
  })
  const invite = async () =>
    (await muster.api<{ code: string }>('POST', '/invitations', { platform: 'apple', ownership: 'cope' })).code
  const readIn = async (name: string) => new X509Certificate(await readFile(join(folder, name)))
  const issued = async () => (await muster.api<{ items: unknown[] }>('GET', '/certificates?limit=100')).items.length

  /** One of ours, for this key, whatever the client wished for. */
  async function assertOurs(leaf: X509Certificate, key: string): Promise<void> {
    assert.match(leaf.issuer, /Muster Device Issuing CA/)
    assert.match(leaf.subject, /CN=invitation \d+/)
    assert.equal(leaf.ca, false)
    const own = await command(folder, 'openssl', 'pkey', '-in', key, '-pubout')
    assert.equal(String(own), leaf.publicKey.export({ format: 'pem', type: 'spki' }))
  }

  if (missing.length > 0)
    it(`without ${missing.join(', ')} (Debian packages), these clients are not tried`, () => {
      assert.ok(!demanded, `Please install: ${missing.join(' ')}`)
    })
  if (!missing.includes('scep')) {
    /** In a folder of its own: it takes a request that lies beside it for its own. */
    async function scepclient(name: string, challenge: string, at = url): Promise<void> {
      await mkdir(join(folder, name))
      await command(
        join(folder, name),
        'scepclient',
        ...[
          `-server-url=${at}`,
          '-private-key=key',
          '-certificate=pem',
          `-challenge=${challenge}`,
          '-cn=somebody else',
        ],
      )
    }
    it('scepclient gets a certificate for the code of an invitation', async () => {
      await scepclient('plain', await invite())
      await assertOurs(await readIn('plain/pem'), 'plain/key')
    })
    it('scepclient with a wrong code gets none', async () => {
      const before = await issued()
      await assert.rejects(scepclient('wrong', 'AAAAA-BBBBB-CCCCC-DDDDD'))
      assert.equal((await readdir(join(folder, 'wrong'))).includes('pem'), false)
      assert.equal(await issued(), before)
    })

    const asGet = ({ target, method, body }: Form): Form =>
      method === 'POST'
        ? { method: 'GET', target: `${target}&message=${encodeURIComponent(body?.toString('base64') ?? '')}` }
        : { method, target }
    /** Some clients write the whole message into the query too: in percent signs, no UTF-8, about 7 kB. */
    const twice = ({ target, method, body }: Form): Form => {
      const bytes = [...(body ?? [])].map((b) => `%${b.toString(16).toUpperCase().padStart(2, '0')}`).join('')
      return method === 'POST'
        ? { method, target: `/apple/scep?message=${bytes}&operation=PKIOperation`, body }
        : { method, target }
    }
    const onlyInQuery = (r: Form): Form => ({ ...twice(r), body: undefined })
    for (const [name, form] of Object.entries({ asGet, twice, onlyInQuery }))
      it(`the same message in another form: ${name}`, async () => {
        const way = await detour(muster.url, form)
        try {
          await scepclient(name, await invite(), `${way.url}/apple/scep`)
          await assertOurs(await readIn(`${name}/pem`), `${name}/key`)
          assert.ok(way.targets.some((t) => t.length > 2_500))
          if (name !== 'asGet') assert.ok(way.targets.some((t) => t.length > 6_000 && !decodes(t)))
        } finally {
          await way.close()
        }
      })
  }

  if (!missing.some((p) => p.includes('strongswan'))) {
    before(async () => {
      await command(
        folder,
        'pki',
        '--scepca',
        '--url',
        url,
        '--caout',
        'ca.pem',
        '--raout',
        'ra.pem',
        '--outform',
        'pem',
      )
    })
    async function pki(
      challenge: string | undefined,
      ...more: string[]
    ): Promise<{ leaf: X509Certificate; pem: string; key: string }> {
      const name = `pki-${++files}`
      await command(folder, 'openssl', 'genrsa', '-out', `${name}.key`, '2048')
      const authority = [
        '--cacert-enc',
        'ra.pem',
        '--cacert-sig',
        'ra.pem',
        '--cacert',
        'ca.pem',
        '--cacert',
        'ca-1.pem',
      ]
      const asked = ['--in', `${name}.key`, '--dn', 'C=CH, O=Elsewhere, CN=somebody else', '--outform', 'pem']
      const password = challenge === undefined ? [] : ['--password', challenge]
      const out = await command(folder, 'pki', '--scep', '--url', url, ...authority, ...asked, ...password, ...more)
      await writeFile(join(folder, `${name}.pem`), out)
      return { leaf: new X509Certificate(out), pem: `${name}.pem`, key: `${name}.key` }
    }

    for (const digest of ['sha1', 'sha256', 'sha384', 'sha512'])
      for (const cipher of ['aes', 'des3'])
        it(`strongSwan's pki gets one: ${digest}, ${cipher}`, async () => {
          const { leaf, key } = await pki(await invite(), '--digest', digest, '--cipher', cipher)
          await assertOurs(leaf, key)
        })
    it("strongSwan's pki without a code, or with one that is used, gets none", async () => {
      const before = await issued()
      await assert.rejects(pki(undefined))
      const code = await invite()
      await pki(code)
      await assert.rejects(pki(code))
      assert.equal(await issued(), before + 1)
    })
    it("strongSwan's pki renews the identity of a device that is in, and of no other", async () => {
      const code = await invite()
      const first = await pki(code)
      const old = ['--cert', first.pem, '--key', first.key]
      await assert.rejects(pki(undefined, ...old))
      await arrive(first)
      const next = await pki(undefined, ...old)
      assert.notEqual(next.leaf.serialNumber, first.leaf.serialNumber)
      assert.doesNotMatch(next.leaf.subject, /invitation/)
      // With either it is the same device: both are obeyed.
      for (const identity of [first, next]) assert.equal((await say(identity, 'mdm', idle)).status, 200)
      const stranger = await pki(await invite())
      assert.equal((await say(stranger, 'mdm', idle)).status, 400)
    })
  }

  interface Identity {
    pem: string
    key: string
  }
  const udid = '3F2504E0-4F89-41D3-9A0C-0305E82C3301'
  const idle = `<key>Status</key><string>Idle</string>`
  async function say(by: Identity, path: string, fields: string): Promise<Response> {
    const body = `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>UDID</key><string>${udid}</string>${fields}</dict></plist>`
    await writeFile(join(folder, 'said'), body)
    const sign = ['cms', '-sign', '-binary', '-in', 'said', '-signer', by.pem, '-inkey', by.key, '-outform', 'DER']
    const signature = (await command(folder, 'openssl', ...sign)).toString('base64')
    return fetch(`${muster.url}/apple/${path}`, { method: 'PUT', body, headers: { 'mdm-signature': signature } })
  }
  async function arrive(by: Identity): Promise<void> {
    const told = `<key>Topic</key><string>com.apple.mgmt.External.x</string>`
    const here = `<key>MessageType</key><string>Authenticate</string><key>SerialNumber</key><string>C02SCEP</string>${told}`
    const push = `<key>Token</key><data>${Buffer.alloc(32, 7).toString('base64')}</data><key>PushMagic</key><string>m</string>`
    assert.equal((await say(by, 'checkin', here)).status, 200)
    assert.equal(
      (await say(by, 'checkin', `<key>MessageType</key><string>TokenUpdate</string>${told}${push}`)).status,
      200,
    )
  }
})

function decodes(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined
  } catch (e) {
    if (e instanceof URIError) return false
    throw e
  }
}
