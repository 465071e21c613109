/** What the command line says when it cannot: pipes that close, credentials that are none, sign-ins that are over. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { optionsOf } from '@muster/server'
import { type CliInstallation, installCli } from './testing/installation.ts'

let cli: CliInstallation
before(async () => {
  cli = await installCli()
})
after(() => cli.close())

describe('output', () => {
  it('ends without a word where nobody reads on, and says that it could not be written', async () => {
    const closed = await shell('"$0" "$1" --help | :')
    assert.deepEqual([closed.code, closed.err], [0, ''])
    const full = await shell('"$0" "$1" devices > /dev/full')
    assert.deepEqual([full.code, /^error: the output cannot be written: ENOSPC[^\n]*\n$/.test(full.err)], [1, true])
  })
})

describe('credentials', () => {
  it('that cannot be used are wrong usage, not an absent server', async () => {
    const none = await cli.muster(['devices'], { env: { MUSTER_CLIENT: 'boot' } })
    assert.deepEqual([none.code, none.err], [2, 'error: MUSTER_CLIENT is id:secret\n'])
    const folder = join(cli.folder, 'a-folder')
    await mkdir(folder)
    const unread = await cli.muster(['devices'], { env: { MUSTER_CLIENT: '', MUSTER_TOKEN_FILE: folder } })
    assert.deepEqual([unread.code, /MUSTER_TOKEN_FILE/.test(unread.err)], [2, true])
  })
  it('that are over ask for a new sign-in', async () => {
    const file = join(cli.folder, 'tokens.json')
    const stored = { access: 'a', refresh: 'never given', expires: '2020-01-01T00:00:00Z' }
    await writeFile(file, JSON.stringify({ [cli.server.publicUrl]: stored }))
    const over = await cli.muster(['devices'], { env: { MUSTER_CLIENT: '', MUSTER_TOKEN_FILE: file } })
    assert.deepEqual([over.code, /`muster login`. \(token-expired\)/.test(over.err)], [1, true])
  })
})

describe('what is asked for', () => {
  it('is read before anything is sent', async () => {
    const ran = await cli.muster(['send', 'device.inventory', '--all', '--timeout', 'soon'])
    assert.deepEqual([ran.code, ran.out, /like 30m/.test(ran.err)], [2, '', true])
    const key = await cli.muster(['audit', 'verify', '--key', 'audit.pub'])
    assert.deepEqual([key.code, /name the export/.test(key.err)], [2, true])
  })
  it('is told of where there is no installation', async () => {
    const at = { DATABASE_URL: '', MUSTER_DATA: join(cli.folder, 'nothing') }
    const doctor = await cli.muster(['doctor'], { env: at })
    assert.match(doctor.out, /schema +ok +empty/)
    await assert.rejects(readFile(join(at.MUSTER_DATA, 'postgres/data/PG_VERSION')), { code: 'ENOENT' })
    const local = await cli.muster(['audit', 'verify', '--local'], { env: at })
    assert.deepEqual([local.code, /there is no Muster/.test(local.err)], [2, true])
  })
})

describe('variables', () => {
  it('that the server reads are all told', async () => {
    const read = new Set<string>()
    optionsOf(new Proxy({}, { get: (_, name) => void read.add(String(name)) }))
    // One process of several is told which it is by the first.
    read.delete('MUSTER_PROCESS')
    const help = await cli.ok(['serve', '--help'])
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
    assert.ok(read.size > 20)
    for (const name of read)
      assert.deepEqual([help.includes(`  ${name} `), readme.includes(`\`${name}\``)], [true, true], name)
  })
})

function shell(line: string): Promise<{ code: number | null; err: string }> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const child = spawn('bash', ['-o', 'pipefail', '-c', line, process.execPath, main], {
    env: { ...process.env, ...cli.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, err }))
  })
}
