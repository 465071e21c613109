/** A server of two processes behaves as one: who connects to which is chance, and nobody sees a difference, also when one of them falls. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Activity, ActivityCreated, DevicePage, InvitationCreated } from '@muster/client'
import { type TestDatabase, testDatabase } from '@muster/core/testing'
import { makeDebianTree } from './debian-tree.ts'
import { agentMain, type Installation, install } from './installation.ts'
import { type Running, run, runToEnd, until } from './processes.ts'

describe('a server of several processes', { timeout: 240_000 }, () => {
  let database: TestDatabase
  let muster: Installation
  let root: string
  let agent: Running
  let device: string

  before(async () => {
    database = await testDatabase({ migrated: false })
    muster = await install({ DATABASE_URL: database.url, MUSTER_PROCESSES: '2' })
    root = await mkdtemp(join(tmpdir(), 'muster-tree-'))
    await makeDebianTree(root)
    const asked = { platform: 'linux', ownership: 'cope' }
    const { code } = await muster.api<InvitationCreated>('POST', '/invitations', asked)
    await runToEnd(agentMain, ['enroll', '--server', muster.url, '--code', code, '--root', root, '--yes'])
    device = (await muster.api<DevicePage>('GET', '/devices')).items[0]?.id ?? ''
    agent = run(agentMain, ['run', '--root', root])
  })
  after(async () => {
    await agent?.stop()
    await muster?.close()
    await database?.close()
    await rm(root, { recursive: true, force: true })
  })

  /** Over a connection of its own, so that the kernel chooses again. */
  const fresh = (path: string) =>
    new Promise<string>((resolve, reject) => {
      get(`${muster.url}${path}`, { agent: false }, (answer) => {
        let text = ''
        answer
          .setEncoding('utf8')
          .on('data', (d) => (text += d))
          .on('end', () => resolve(text))
      }).on('error', reject)
    })
  async function others(): Promise<number[]> {
    const of = async (pid: string) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return parent === muster.server.child.pid && command.includes('main.js') ? [Number(pid)] : []
    }
    return (await Promise.all((await readdir('/proc')).filter((n) => /^\d+$/.test(n)).map(of))).flat()
  }
  const answered = (metrics: string, process: number) =>
    Number(
      new RegExp(
        `^muster_http_request_seconds_count\\{process="${process}",method="GET",route="/readyz",status="2xx"\\} (\\d+)$`,
        'm',
      ).exec(metrics)?.[1] ?? 0,
    )
  const both = async () => {
    await Promise.all(Array.from({ length: 20 }, () => fresh('/readyz')))
    const metrics = await fresh('/metrics')
    return answered(metrics, 1) > 0 && answered(metrics, 2) > 0
  }
  async function inventory(): Promise<void> {
    const body = { operation: 'device.inventory', params: {}, target: { devices: [device] } }
    const { id } = await muster.api<ActivityCreated>('POST', '/activities', body)
    const done = async () => (await muster.api<Activity>('GET', `/activities/${id}`)).counts.completed === 1
    await until('the result', done, { everyMs: 50, withinMs: 60_000 })
  }

  it('both answer, and whoever is asked knows the numbers of both', async () => {
    await until('both to answer', both)
    assert.equal((await others()).length, 1)
  })

  it('operations that are sent at either reach the agent whose poll is held by one of them', async () => {
    for (let n = 0; n < 6; n += 1) await inventory()
  })

  it('one that falls is started again, and what is sent meanwhile is done', async () => {
    const [fallen = 0] = await others()
    process.kill(fallen, 'SIGKILL')
    await until('it to be gone', async () => !(await others()).includes(fallen))
    await inventory()
    await until('another in its place', async () => (await others()).length === 1)
    await until('both to answer', both)
    assert.match(muster.server.output(), /a process of this server ended; it is started again/)
    await inventory()
  })

  it('the port is not shared with strangers', async () => {
    const port = new URL(muster.url).port
    await assert.rejects(muster.secondNode({ MUSTER_PROCESSES: '2', MUSTER_HTTP_PORT: port }), /Port \d+ is in use/)
  })

  it('all end with the first, whatever way it ends', async () => {
    const left = await others()
    muster.server.child.kill('SIGKILL')
    const gone = async () => {
      const alive = await Promise.all(left.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')))
      return alive.every((stat) => stat === '' || / Z /.test(stat))
    }
    assert.equal(left.length, 1)
    await until('the others to be gone', gone)
  })
})
