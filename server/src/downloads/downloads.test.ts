/** What devices fetch before anybody knows them: only what was built and is whole, nothing else of the disk, and scripts that no code can bend. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { startTestServer, type TestServer } from '../testing.ts'
import { installCommand, installScript, quoted } from './install-script.ts'
import { byVersion, type Packages } from './packages.ts'
import { rangeOf } from './range.ts'

const template = `#!/bin/sh
server=@SERVER@ packages=@PACKAGES@ version=@VERSION@ trust=@TRUST@ code=@CODE@
case "$1" in
@ARCHIVES@
esac
printf '%s|' "$server" "$packages" "$version" "$trust" "$code" "$archive" "$sum"
`
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')
const archiveName = (version: string) => `muster-agent-${version}-linux-x64.tar.gz`

const packages: Packages = {
  version: '1.2.3',
  template,
  newest: [
    { name: archiveName('1.2.3'), kind: 'archive', version: '1.2.3', processor: 'x86_64', size: 9, sha256: 'ab' },
    { name: 'muster-agent_1.2.3_amd64.deb', kind: 'deb', version: '1.2.3', processor: 'x86_64', size: 9, sha256: 'cd' },
  ],
}

describe('the install script', () => {
  const run = (script: string) =>
    execFileSync('sh', ['-s', 'Linux x86_64'], { input: script, stdio: ['pipe', 'pipe', 'ignore'] }).toString()

  it('gives the shell just what it was given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const plain = text.replaceAll('\0', '')
        assert.equal(execFileSync('sh', ['-c', `printf %s ${quoted(plain)}`]).toString(), Buffer.from(plain).toString())
      }),
      { numRuns: 60 },
    )
  })
  it('is filled in, whatever stands in the address', () => {
    const place = { publicUrl: "https://a.example/it's $(id) $& @CODE@", agentAddress: 'https://a.example#f00' }
    const said = run(installScript(packages, place, 'ABC-1'))
    assert.deepEqual(said.split('|'), [
      'https://a.example#f00',
      `${place.publicUrl}/agents/linux`,
      '1.2.3',
      'checksum',
      'ABC-1',
      archiveName('1.2.3'),
      'ab',
      '',
    ])
  })
  it('takes no code that is more than letters, digits and dashes, and no template with unknown words', () => {
    const place = { publicUrl: 'https://a.example', agentAddress: 'https://a.example' }
    for (const code of ["a'b", 'a b', 'a\nb', '$(id)', 'a;b', 'ä', 'x'.repeat(129)])
      assert.throws(() => installScript(packages, place, code), /letters, digits and dashes/)
    assert.throws(() => installScript({ ...packages, template: '@ROOT@' }, place, ''), /ROOT/)
  })
  it('is offered with a line that fits the trust there is', () => {
    const line = (publicUrl: string, agentAddress = publicUrl) =>
      installCommand(packages, { publicUrl, agentAddress }, 'ABC')
    assert.equal(line('https://a.example'), "curl -fsS 'https://a.example/agents/linux/install.sh?code=ABC' | sh")
    assert.equal(line('http://localhost:8080')?.startsWith("curl -fsS 'http://localhost:8080/"), true)
    assert.equal(line('http://a.example'), undefined)
    assert.equal(line('http://127.0.0.1.a.example'), undefined)
    const place = { publicUrl: 'https://a.example', agentAddress: `https://a.example#${'0'.repeat(64)}` }
    const own = line(place.publicUrl, place.agentAddress) ?? ''
    assert.ok(own.includes(sha256(installScript(packages, place, ''))) && !own.includes('install.sh?'), own)
  })
})

it('a range never leaves the file', () => {
  const wanted = fc.oneof(
    fc.tuple(fc.nat(300), fc.nat(300)).map(([a, b]) => `bytes=${a}-${b}`),
    fc.nat(300).map((a) => `bytes=${a}-`),
    fc.nat(300).map((n) => `bytes=-${n}`),
    fc.string(),
  )
  fc.assert(
    fc.property(wanted, fc.nat(200), (header, size) => {
      const r = rangeOf(header, size)
      if (typeof r === 'object') assert.ok(r.start >= 0 && r.start <= r.end && r.end < size, JSON.stringify(r))
    }),
  )
  assert.deepEqual(rangeOf('bytes=2-4', 10), { start: 2, end: 4 })
  assert.deepEqual(rangeOf('bytes=2-', 10), { start: 2, end: 9 })
  assert.deepEqual(rangeOf('bytes=-3', 10), { start: 7, end: 9 })
  assert.deepEqual(rangeOf('bytes=-99', 10), { start: 0, end: 9 })
  assert.deepEqual(
    ['bytes=10-', 'bytes=-0', 'bytes=4-2', 'bytes=0-1,3-4', undefined].map((h) => rangeOf(h, 10)),
    ['none', 'none', 'whole', 'whole', 'whole'],
  )
})

it('the newest version is first, and a suffix means before it', () => {
  const sorted = ['0.9.0', '1.0.0-rc.1', '0.10.0', '1.0.0', '1.0.0-beta'].sort(byVersion)
  assert.deepEqual(sorted, ['1.0.0', '1.0.0-rc.1', '1.0.0-beta', '0.10.0', '0.9.0'])
})

describe('downloads', () => {
  let t: TestServer
  let folder: string
  const newest = Buffer.from('the newest archive'.repeat(1000))
  const name = archiveName('1.10.0')
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    t.call<string>(method, `/agents/linux${path}`, { token: null, headers })
  const list = async () =>
    (await get('/')).body as unknown as { version: string | null; files: { name: string; sha256: string }[] }
  const code = async () =>
    (await t.api<{ code: string }>(201, 'POST', '/invitations', { body: { platform: 'linux', ownership: 'cope' } }))
      .code
  /** As a build does it: the list last, and at once. */
  async function lay(files: Record<string, Buffer | string>, sums: Record<string, string> = {}): Promise<void> {
    for (const [file, bytes] of Object.entries(files)) await writeFile(join(folder, file), bytes)
    const lines = Object.entries({
      ...Object.fromEntries(Object.entries(files).map(([f, b]) => [f, sha256(b)])),
      ...sums,
    })
    await writeFile(join(folder, '.sums'), lines.map(([file, sum]) => `${sum}  ${file}\n`).join(''))
    await rename(join(folder, '.sums'), join(folder, 'SHA256SUMS'))
    // The folder is looked at each 2 s at most.
    await new Promise((resolve) => setTimeout(resolve, 2_100))
  }
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-packages-'))
    t = await startTestServer({ agentPackages: folder })
  })
  after(async () => {
    await t.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('offers nothing while nothing is built', async () => {
    assert.deepEqual((await get('')).body, { platform: 'linux', version: null, files: [] })
    for (const path of ['/SHA256SUMS', '/install.sh', `/${name}`]) assert.equal((await get(path)).status, 404, path)
  })
  it('offers the newest version of what is whole, and nothing that the list does not vouch for', async () => {
    await writeFile(join(folder, 'muster-agent-9.0.0-linux-x64.tar.gz'), 'in no list')
    await lay(
      {
        [name]: newest,
        [archiveName('1.9.0')]: 'older',
        'install.sh': template,
        'muster-agent_1.10.0_amd64.deb': 'deb',
      },
      { 'muster-agent_1.10.0_arm64.deb': sha256('absent'), '../../etc/passwd': sha256('x'), 'notes.txt': sha256('x') },
    )
    await writeFile(join(folder, 'muster-agent-1.10.0-linux-arm64.tar.gz'), 'half')
    const { version, files } = await list()
    assert.equal(version, '1.10.0')
    assert.deepEqual(
      files.map((f) => [f.name, f.sha256]),
      [
        [name, sha256(newest)],
        ['muster-agent_1.10.0_amd64.deb', sha256('deb')],
      ],
    )
    assert.equal((await get('/SHA256SUMS')).body, files.map((f) => `${f.sha256}  ${f.name}\n`).join(''))
    assert.equal((await get(`/${archiveName('1.9.0')}`)).body, 'older')
    for (const path of [
      '/notes.txt',
      '/..%2fkeys',
      '/%2e%2e/package.json',
      '/muster-agent-9.0.0-linux-x64.tar.gz',
      '/.sums',
    ])
      assert.ok([400, 404].includes((await get(path)).status), path)
  })
  it('sends a file in whole, in part, or not again', async () => {
    const whole = await get(`/${name}`)
    assert.deepEqual([whole.status, whole.body], [200, newest.toString()])
    const etag = whole.headers.get('etag') ?? ''
    assert.equal(etag, `"${sha256(newest)}"`)
    assert.equal((await get(`/${name}`, { 'if-none-match': `W/"x", ${etag}` })).status, 304)
    const part = await get(`/${name}`, { range: 'bytes=4-9' })
    assert.deepEqual(
      [part.status, part.body, part.headers.get('content-range')],
      [206, 'newest', `bytes 4-9/${newest.length}`],
    )
    assert.equal((await get(`/${name}`, { range: 'bytes=4-9', 'if-range': '"another"' })).status, 200)
    assert.equal((await get(`/${name}`, { range: 'bytes=4-9', 'if-range': etag })).status, 206)
    const beyond = await get(`/${name}`, { range: `bytes=${newest.length}-` })
    assert.deepEqual([beyond.status, beyond.headers.get('content-range')], [416, `bytes */${newest.length}`])
    const head = await get(`/${name}`, {}, 'HEAD')
    assert.deepEqual([head.status, head.headers.get('content-length'), head.body], [200, String(newest.length), ''])
    assert.equal((await get(`/${name}`, {}, 'DELETE')).status, 405)
  })
  it('gives the script to who holds a code that is good', async () => {
    const good = await code()
    const script = await get(`/install.sh?code=${good}`)
    assert.equal(script.status, 200)
    assert.ok(script.body.includes(`code='${good}'`) && script.body.includes(sha256(newest)))
    assert.equal(script.headers.get('cache-control'), 'no-store')
    assert.ok((await get('/install.sh')).body.includes("code=''"))
    for (const wrong of ["x';id;'", '$(id)', 'AAAAA-BBBBB-CCCCC-DDDDD', 'a%0ab', 'x'.repeat(200), 'a&code=b'])
      assert.equal((await get(`/install.sh?code=${wrong}`)).status, 401, wrong)
    const { items } = await t.api<{ items: { id: string }[] }>(200, 'GET', '/invitations')
    await t.api(204, 'DELETE', `/invitations/${items[0]?.id}`)
    assert.equal((await get(`/install.sh?code=${good}`)).status, 410)
  })
  it('stands on the enrolment page, with the sum of the package', async () => {
    const { steps } = await t.api<{ steps: { text: string; command?: string; file?: string }[] }>(
      200,
      'GET',
      `/enrolments/${await code()}`,
    )
    assert.ok(steps.some((s) => /^curl .*install\.sh\?code=[\w-]+' \| sh$/.test(s.command ?? '')))
    const deb = steps.find((s) => s.file !== undefined)
    assert.ok(deb?.file?.endsWith('/agents/linux/muster-agent_1.10.0_amd64.deb') && deb.text.includes(sha256('deb')))
    assert.ok(!steps.some((s) => s.command?.includes('npx')))
  })
  it('lets no address take all there is to give', async () => {
    const large = Buffer.alloc(32 * 1024 * 1024, 'x')
    await lay({ [archiveName('1.11.0')]: large, 'install.sh': template })
    const stalled: http.IncomingMessage[] = []
    const ask = () =>
      new Promise<number>((resolve, reject) => {
        http
          .get(`${t.url}/agents/linux/${archiveName('1.11.0')}`, { agent: false }, (response) => {
            stalled.push(response)
            resolve(response.statusCode ?? 0)
          })
          .once('error', reject)
      })
    const answers = await Promise.all(Array.from({ length: 20 }, ask))
    const refused = answers.filter((s) => s === 503).length
    for (const response of stalled) response.destroy()
    assert.deepEqual([answers.filter((s) => s === 200).length, refused], [16, 4])
    let status = 0
    for (let i = 0; i < 400 && status !== 206; i += 1) {
      status = (await get(`/${archiveName('1.11.0')}`, { range: 'bytes=0-1' })).status
      if (status !== 206) await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.equal(status, 206, 'who left makes room')
  })
  it('a file that changed behind the list is not sent', async () => {
    await writeFile(join(folder, archiveName('1.11.0')), 'something else')
    assert.equal((await get(`/${archiveName('1.11.0')}`)).status, 404)
    await lay({ 'install.sh': template }, { [archiveName('1.11.0')]: sha256('another thing') })
    assert.deepEqual((await list()).version, null)
  })
})
