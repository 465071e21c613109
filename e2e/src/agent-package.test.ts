/** The agent as a product: built, offered by the server, installed by the line on the enrolment page, enrolled and managed, and small. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { agentVersion } from '@muster/agent'
import type { DevicePage, EnrolmentTerms, InvitationCreated } from '@muster/client'
import { makeDebianTree } from './debian-tree.ts'
import { freePorts } from './free-port.ts'
import { agentMain, type Installation, install } from './installation.ts'
import { runToEnd, until } from './processes.ts'

const builder = join(dirname(agentMain), '../packaging/build.ts')
const exec = promisify(execFile)
/** What the whole agent may hold while it idles. */
const memoryLimitMb = 80

interface Ran {
  code: number | null
  output: string
}
interface Offered {
  version: string | null
  files: { name: string; kind: string; size: number; sha256: string; url: string }[]
}

/** As a person types it, but without a terminal: nobody is there to answer. */
function shell(command: string, env: Record<string, string> = {}): Promise<Ran> {
  const child = spawn('sh', ['-c', command], {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
}

describe('agent package', { timeout: 300_000 }, () => {
  let muster: Installation
  let folder: string
  let packages: string
  let archive: string
  let deb: string
  let local: Installation
  /** Two, each into a folder of its own; they begin with the journey, as they take the longest. */
  let builds: Promise<string[]>
  const tree = async (name: string) => {
    const root = join(folder, name)
    await makeDebianTree(root)
    return root
  }
  const invite = (at = muster) =>
    at.api<InvitationCreated>('POST', '/invitations', { platform: 'linux', ownership: 'cope' })
  const offered = async () => (await (await fetch(`${muster.url}/agents/linux/`)).json()) as Offered
  const build = (out: string) => runToEnd(builder, ['--arch', process.arch, '--out', out])

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-package-'))
    packages = join(folder, 'packages')
    builds = Promise.all(['first', 'again'].map((name) => build(join(folder, name))))
    builds.catch(() => undefined)
    const [https] = await freePorts(1)
    const pinned = { MUSTER_HTTPS_PORT: String(https), MUSTER_PUBLIC_URL: `https://127.0.0.1:${https}` }
    // Where one does not start, the other one is still to be closed.
    const started = await Promise.allSettled([
      install({ ...pinned, MUSTER_AGENT_PACKAGES: packages }).then((made) => {
        muster = made
      }),
      install({ MUSTER_AGENT_PACKAGES: packages }).then((made) => {
        local = made
      }),
    ])
    for (const s of started) if (s.status === 'rejected') throw s.reason
  })
  after(async () => {
    await builds.catch(() => undefined)
    await Promise.all([muster?.close(), local?.close()])
    await rm(folder, { recursive: true, force: true })
  })

  it('until packages are built, the page tells how to enrol without them', async () => {
    const { code } = await invite()
    const { steps } = await muster.api<EnrolmentTerms>('GET', `/enrolments/${code}`)
    assert.ok(steps.some((s) => s.command?.startsWith('npx --no -- muster-agent enroll')))
    assert.ok(!steps.some((s) => s.command?.includes('curl')))
    assert.deepEqual(await offered(), { platform: 'linux', version: null, files: [] })
    assert.equal((await fetch(`${muster.url}/agents/linux/install.sh?code=${code}`)).status, 404)
  })

  it('is built twice with the same bytes', async () => {
    const [sums, again] = await builds
    assert.equal(again, sums)
    const first = join(folder, 'first')
    assert.equal(await readFile(join(first, 'SHA256SUMS'), 'utf8'), sums)
    await exec('sha256sum', ['-c', 'SHA256SUMS'], { cwd: first })
    await rename(first, packages)
    const names = await readdir(packages)
    archive = join(packages, names.find((n) => n.endsWith('.tar.gz')) ?? '')
    deb = join(packages, names.find((n) => n.endsWith('.deb')) ?? '')
  })

  it('the archive runs from wherever it lies, with its own runtime, and whatever the environment says', async () => {
    const at = join(folder, 'unpacked')
    await mkdir(at)
    await exec('tar', ['-xzf', archive, '-C', at])
    const [name = ''] = await readdir(at)
    assert.equal(name, `muster-agent-${agentVersion}-linux-${process.arch}`)
    const env = { PATH: '/usr/bin:/bin', NODE_OPTIONS: '--require=/nowhere.js', NODE_PATH: '/nowhere' }
    const program = join(at, name, 'bin/muster-agent')
    assert.equal((await exec(program, ['--version'], { env })).stdout.trim(), agentVersion)
    const root = await tree('unpacked-tree')
    const status = JSON.parse((await exec(program, ['status', '--json', '--root', root], { env })).stdout)
    assert.deepEqual([status.version, status.enrolled, status.managed], [agentVersion, false, []])
    const runtime = await exec(join(at, name, 'lib/node'), ['--version'])
    assert.match(runtime.stdout, /^v24\./)
    const notices = await readFile(join(at, name, 'THIRD-PARTY'), 'utf8')
    for (const party of ['zod ', 'commander ', 'Node.js']) assert.ok(notices.includes(`\n${party}`), party)
  })

  it('the Debian package holds what it says, and dpkg installs it', async (t) => {
    const members = await arMembers(deb)
    assert.deepEqual([...members.keys()], ['debian-binary', 'control.tar.gz', 'data.tar.gz'])
    assert.equal(members.get('debian-binary')?.toString(), '2.0\n')
    const at = { control: join(folder, 'deb-control'), data: join(folder, 'deb-data') }
    for (const [part, where] of Object.entries(at)) {
      await mkdir(where)
      await writeFile(join(folder, `${part}.tar.gz`), members.get(`${part}.tar.gz`) ?? '')
      await exec('tar', ['-xzf', join(folder, `${part}.tar.gz`), '-C', where])
    }
    await exec('md5sum', ['-c', join(at.control, 'md5sums')], { cwd: at.data })
    const control = await readFile(join(at.control, 'control'), 'utf8')
    assert.match(control, new RegExp(`^Package: muster-agent\nVersion: ${agentVersion}\nArchitecture: a(md|rm)64\n`))
    assert.equal((await exec(join(at.data, 'usr/bin/muster-agent'), ['--version'])).stdout.trim(), agentVersion)
    for (const script of ['postinst', 'prerm', 'postrm']) await exec('sh', ['-n', join(at.control, script)])

    if (!existsSync('/usr/bin/dpkg') || process.getuid?.() !== 0)
      return t.diagnostic('dpkg is not here, or we are not root: read by our own reader alone')
    await exec('dpkg-deb', ['-I', deb])
    const root = join(folder, 'dpkg-root')
    for (const d of ['info', 'updates', 'triggers']) await mkdir(join(root, 'var/lib/dpkg', d), { recursive: true })
    await writeFile(join(root, 'var/lib/dpkg/status'), '')
    const dpkg = (...args: string[]) =>
      exec('dpkg', [`--root=${root}`, '--force-depends', '--force-script-chrootless', ...args])
    await dpkg('--install', deb)
    assert.ok(existsSync(join(root, 'usr/lib/systemd/system/muster-agent.service')))
    const state = join(root, 'var/lib/muster-agent')
    await mkdir(state)
    await dpkg('--purge', 'muster-agent')
    for (const gone of [state, join(root, 'usr/lib/muster-agent'), join(root, 'etc/default/muster-agent')])
      assert.ok(!existsSync(gone), gone)
  })

  it('the server offers what was built, in whole and in parts', async () => {
    const { version, files } = await until('the packages to be seen', async () => {
      const now = await offered()
      return now.version !== null && now
    })
    assert.equal(version, agentVersion)
    const file = files.find((f) => f.kind === 'archive')
    assert.ok(file)
    const local = `${muster.url}/agents/linux/${file.name}`
    const part = await fetch(local, { headers: { range: 'bytes=-100' } })
    const whole = await readFile(archive)
    assert.deepEqual([part.status, file.size], [206, whole.length])
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), whole.subarray(-100))
    assert.equal((await fetch(local, { headers: { 'if-none-match': `"${file.sha256}"` } })).status, 304)
  })

  it('with a certificate of our own authority: the line on the page installs, enrols, and trusts nobody else', async (t) => {
    const root = await tree('pinned')
    const { code } = await invite()
    const { steps } = await muster.api<EnrolmentTerms>('GET', `/enrolments/${code}`)
    const line = steps.find((s) => s.command?.includes('curl'))?.command ?? ''
    assert.ok(!/install\.sh\?/.test(line), 'the code is not told to whoever answers')
    const env = { MUSTER_INSTALL_ROOT: root }

    const other = await shell(line.replace(/"[0-9a-f]{64} /, `"${'0'.repeat(64)} `), env)
    assert.notEqual(other.code, 0)
    assert.ok(!existsSync(join(root, 'usr')), 'a script with another sum does not run')

    const done = await shell(line, env)
    assert.equal(done.code, 0, done.output)
    assert.equal(await readlink(join(root, 'usr/bin/muster-agent')), '../lib/muster-agent/bin/muster-agent')
    const unit = await readFile(join(root, 'etc/systemd/system/multi-user.target.wants/muster-agent.service'), 'utf8')
    assert.match(unit, /^ExecStart=\/usr\/lib\/muster-agent\/bin\/muster-agent run$/m)
    assert.deepEqual(await readdir(join(root, 'usr/lib')), ['muster-agent'], 'nothing is left behind')
    const program = join(root, 'usr/bin/muster-agent')
    await exec(program, ['run', '--once', '--root', root])
    const [device] = (await muster.api<DevicePage>('GET', '/devices')).items
    assert.deepEqual([device?.lifecycle, device?.name], ['active', 'kiosk-7'])
    t.diagnostic(await idle(program, root))
  })

  it('over plain http on this machine, with the code in the address; again, it is an update', async () => {
    const { url } = local
    const root = await tree('local')
    const { code } = await invite(local)
    const { steps } = await local.api<EnrolmentTerms>('GET', `/enrolments/${code}`)
    const line = steps.find((s) => s.command?.includes('curl'))?.command ?? ''
    assert.equal(line, `curl -fsS '${url}/agents/linux/install.sh?code=${code}' | sh`)
    const env = { MUSTER_INSTALL_ROOT: root }
    const script = await (await fetch(`${url}/agents/linux/install.sh?code=${code}`)).text()

    const half = await shell(script.slice(0, script.lastIndexOf('main')), env)
    assert.deepEqual([half.code, existsSync(join(root, 'usr'))], [0, false], 'half a script does nothing')
    const damaged = join(folder, 'damaged.sh')
    await writeFile(damaged, script.replace(/sum=[0-9a-f]{8}/, 'sum=00000000'))
    const refused = await shell(`sh '${damaged}'`, env)
    assert.match(refused.output, /SHA-256 differs.*Nothing was installed/)
    assert.deepEqual([refused.code, await readdir(join(root, 'usr/lib'))], [1, []])

    const first = await shell(line, env)
    assert.equal(first.code, 0, first.output)
    await exec(join(root, 'usr/bin/muster-agent'), ['run', '--once', '--root', root])
    const kept = join(folder, 'install.sh')
    await writeFile(kept, script)
    const again = await shell(`sh '${kept}' --code ${code}`, env)
    assert.equal(again.code, 0, again.output)
    const status = await exec(join(root, 'usr/bin/muster-agent'), ['status', '--json', '--root', root])
    assert.equal(JSON.parse(status.stdout).enrolled, true)
    assert.equal((await local.api<DevicePage>('GET', '/devices')).items.length, 1)
  })
})

/** Runs the agent as the service would, lets it settle, and measures it: resident memory now and at most, processor time while idle. */
async function idle(program: string, root: string): Promise<string> {
  const child = spawn(program, ['run', '--root', root], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    const proc = (name: string) => readFile(`/proc/${child.pid}/${name}`, 'utf8')
    const ticks = async () => {
      const fields = (await proc('stat')).split(') ').at(-1)?.split(' ') ?? []
      return Number(fields[11]) + Number(fields[12])
    }
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    const [start, busy] = [performance.now(), await ticks()]
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    // Field 14 and 15 of proc(5) count hundredths of a second.
    const share = ((await ticks()) - busy) / ((performance.now() - start) / 1000)
    const status = await proc('status')
    const mb = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024
    assert.equal(child.exitCode, null, 'the agent runs on')
    assert.ok(mb('VmRSS') < memoryLimitMb, `${mb('VmRSS')} MB resident`)
    return `idle agent: ${mb('VmRSS').toFixed(1)} MB resident (${mb('RssAnon').toFixed(1)} MB its own, at most ${mb('VmHWM').toFixed(1)}), ${share.toFixed(2)} % of a processor`
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** Members of an ar archive, as deb(5) has them. */
async function arMembers(file: string): Promise<Map<string, Buffer>> {
  const bytes = await readFile(file)
  assert.equal(bytes.toString('latin1', 0, 8), '!<arch>\n')
  const members = new Map<string, Buffer>()
  for (let at = 8; at < bytes.length; ) {
    const head = bytes.toString('latin1', at, at + 60)
    assert.equal(head.slice(58), '`\n')
    const size = Number(head.slice(48, 58))
    members.set(head.slice(0, 16).trim(), bytes.subarray(at + 60, at + 60 + size))
    at += 60 + size + (size % 2)
  }
  return members
}
