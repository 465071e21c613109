/** The server as a process: what it does when it is told to stop before it has started, and what it says of files that are not there. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testDatabase } from '@muster/core/testing'

const main = fileURLToPath(new URL('./main.js', import.meta.url))
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-serve-'))
})
after(() => rm(folder, { recursive: true, force: true }))

function started(env: NodeJS.ProcessEnv): {
  child: ChildProcess
  said: () => string
  told: (word: RegExp) => Promise<void>
} {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, MUSTER_DATA: folder, MUSTER_HTTP_PORT: '0', MUSTER_HTTPS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const heard: (() => void)[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
      for (const look of heard) look()
    })
  const told = (word: RegExp) =>
    new Promise<void>((resolve) => {
      heard.push(() => word.test(said) && resolve())
    })
  return { child, said: () => said, told }
}

describe('a server that has not started', () => {
  it('ends when it is told to, also while the database is away', async () => {
    const { child, said, told } = started({ DATABASE_URL: 'postgresql://muster@127.0.0.1:1/muster' })
    const over = once(child, 'close')
    await Promise.race([told(/the database is away/), over])
    child.kill('SIGTERM')
    assert.deepEqual(await over, [0, null], said())
    assert.match(said(), /told to stop before it had started/)
  })
  it('names the variable of a certificate that cannot be read', async () => {
    const database = await testDatabase()
    const absent = { MUSTER_TLS_CERT: join(folder, 'absent.pem'), MUSTER_TLS_KEY: join(folder, 'absent.key') }
    const { child, said } = started({ DATABASE_URL: database.url, ...absent })
    const [code] = (await once(child, 'close')) as [number]
    await database.close()
    assert.equal(code, 1)
    assert.match(said(), /Muster did not start\. MUSTER_TLS_CERT and MUSTER_TLS_KEY cannot be read: ENOENT.*\n$/)
  })
})
