/** The life of a simulated PC against a server in memory: it comes in, obeys, refuses as a PC does, misbehaves without losing anything, leaves, and takes nothing that a real one would not. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAgenda } from '../../agenda.ts'
import { checkRecord } from '../../check.ts'
import { runOn } from '../../fleet.ts'
import type { FleetOptions } from '../../options.ts'
import { createRandom, keyOf } from '../../random.ts'
import type { RecordLine } from '../../record.ts'
import { command, createFakeDm, type FakeDm, type FakePc } from './dm.fixture.ts'
import { modelOf } from './model.ts'

interface Running {
  readonly dm: FakeDm
  readonly lines: RecordLine[]
  all(): FakePc[]
  until(what: string, so: () => boolean): Promise<void>
}
const camera = './Device/Vendor/MSFT/Policy/Config/Camera/AllowCamera'
const seed = 'pc3'
const devices = 8

async function running(o: Partial<FleetOptions>, work: (r: Running) => Promise<void>): Promise<RecordLine[]> {
  const dm = await createFakeDm()
  const agenda = createAgenda()
  const stop = new AbortController()
  const lines: RecordLine[] = []
  const usual = {
    server: 'https://fake',
    platform: 'windows',
    devices,
    seed,
    preset: 'calm',
    pollS: 0.05,
    drainS: 5,
  } as const
  const invite = async (n: number) => Array.from({ length: n }, (_, i) => `CODE-${i}`)
  const run = runOn(
    { send: dm.send, agenda },
    { ...usual, invite, signal: stop.signal, watch: (l) => lines.push(l), ...o },
  )
  let over: unknown
  run.then(
    () => (over = 'the run is over'),
    (error: unknown) => (over = error),
  )
  const all = () => [...dm.pcs.values()]
  async function until(what: string, so: () => boolean): Promise<void> {
    const end = Date.now() + 60_000
    while (!so()) {
      if (over instanceof Error) throw over
      assert.ok(over === undefined && Date.now() < end, `waited in vain for ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  try {
    await until('all to be in', () => lines.filter((l) => l.event === 'enrolled').length === (o.devices ?? devices))
    await work({ dm, lines, all, until })
  } finally {
    stop.abort()
    await run.finally(() => agenda.clear())
  }
  return lines
}
const answered = (r: Running, ...ids: string[]) => ids.every((id) => r.all().every((pc) => pc.codes.has(id)))

describe('simulated PCs', { timeout: 240_000 }, () => {
  it('there are all manners among the first of this seed', () => {
    const manners = Array.from({ length: devices }, (_, no) => modelOf(createRandom(keyOf(seed, no)), no).manner)
    for (const [key, values] of Object.entries({
      request: ['oiw', 'modern'],
      proof: ['certificate', 'digest'],
      mutual: [true, false],
      wbxml: [true, false],
      lenient: [true, false],
    }))
      for (const value of values)
        assert.ok(
          manners.some((m) => m[key as keyof typeof m] === value),
          `${key} ${value}`,
        )
  })

  it('come in, tell of themselves, take settings, answer by the book and leave when they are told', async () => {
    await running({}, async (r) => {
      const { dm, all } = r
      const info = dm.queue([
        command('Get', './DevDetail/SwV'),
        command('Get', './DevDetail/Ext/Microsoft/Nonsense'),
        command('Get', './DevInfo'),
      ])
      const add = dm.queue([command('Add', camera, '0', 'int'), command('Add', camera, '1', 'int')])
      await r.until('the first answers', () => answered(r, `${info}.2`, `${add}.1`))
      for (const pc of all()) {
        assert.deepEqual(
          [0, 1, 2].map((i) => pc.codes.get(`${info}.${i}`)),
          [200, 404, 200],
        )
        assert.match(pc.results.get('./DevDetail/SwV') ?? '', /^10\.0\.\d{5}/)
        assert.equal(pc.results.get('./DevInfo'), 'DevId/Man/Mod/DmV/Lang')
        assert.deepEqual(
          [0, 1].map((i) => pc.codes.get(`${add}.${i}`)),
          [200, 418],
        )
        assert.deepEqual(pc.alerts[0]?.data, 'user')
      }
      const more = dm.queue([
        command('Replace', camera, '7', 'int'),
        command('Replace', camera, '1', 'chr'),
        command('Replace', './DevInfo/Man', 'x'),
        command('Delete', camera),
        command('Delete', camera),
        command('Replace', './Device/Vendor/MSFT/Policy/Config/NoSuchArea/Thing', '1', 'int'),
        command('Exec', './Device/Vendor/MSFT/RemoteLock/Lock'),
      ])
      await r.until('the answers', () => answered(r, `${more}.6`))
      for (const pc of all())
        assert.deepEqual(
          [0, 1, 2, 3, 4, 5, 6].map((i) => pc.codes.get(`${more}.${i}`)),
          [500, 415, 405, 200, 404, 404, 200],
        )
      dm.queue([command('Exec', './Device/Vendor/MSFT/DMClient/Provider/Fake/Unenroll', 'Fake')])
      await r.until('all to be gone', () => r.lines.filter((l) => l.event === 'left').length === devices)
      assert.ok(dm.digests.size > 0 && dm.digests.size < devices, 'some by certificate, some by digest')
    })
  })

  it('an Atomic is all or none', async () => {
    await running({}, async (r) => {
      const { dm, all } = r
      const bad = dm.queue(
        [
          command('Add', camera, '0', 'int'),
          command('Add', './DevInfo/Man', 'x'),
          command('Add', `${camera}2`, '1', 'int'),
        ],
        { atomic: true },
      )
      const asked = dm.queue([command('Get', camera)])
      const good = dm.queue([command('Add', camera, '0', 'int'), command('Add', `${camera}2`, '1', 'int')], {
        atomic: true,
      })
      const reading = dm.queue([command('Get', camera)], { atomic: true })
      await r.until('the answers', () => answered(r, `${reading}.all`, `${good}.all`, `${bad}.2`))
      for (const pc of all()) {
        assert.deepEqual(
          ['all', 0, 1, 2].map((i) => pc.codes.get(`${bad}.${i}`)),
          [507, 216, 405, 215],
        )
        assert.equal(pc.codes.get(`${asked}.0`), 404)
        assert.deepEqual(
          ['all', 0, 1].map((i) => pc.codes.get(`${good}.${i}`)),
          [200, 200, 200],
        )
        assert.deepEqual(
          ['all', 0].map((i) => pc.codes.get(`${reading}.${i}`)),
          [507, 500],
        )
      }
    })
  })

  it('a large value goes out whole, in parts where the device does so', async () => {
    await running({}, async (r) => {
      const data = 'grün & <gut> '.repeat(1500)
      const uri = './Device/Vendor/MSFT/Policy/Config/WindowsLogon/Text'
      const id = r.dm.queue([command('Add', uri, data, 'chr'), command('Get', uri)])
      await r.until('the answer', () => r.all().every((pc) => pc.results.has(uri)))
      for (const pc of r.all()) assert.equal(pc.results.get(uri), data, id)
    })
  })

  it('a program is installed in its own time, and told of by an alert', async () => {
    await running({ devices: 2 }, async (r) => {
      const product = '{AF9257BA-6BBD-4624-AA9B-0182D50292C3}'
      const uri = `./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/${encodeURIComponent(product)}/DownloadInstall`
      const job = `<MsiInstallJob id="${product}"><Product Version="1.0.0"><Download><ContentURLList><ContentURL>https://fake/x.msi</ContentURL></ContentURLList></Download><Validation><FileHash>${'ab'.repeat(32)}</FileHash></Validation><Enforcement><CommandLine>/quiet</CommandLine></Enforcement></Product></MsiInstallJob>`
      const early = r.dm.queue([command('Exec', uri, job, 'xml')])
      const id = r.dm.queue([command('Add', uri, job, 'xml'), command('Exec', uri, job, 'xml')])
      await r.until('the alert', () =>
        r.all().every((pc) => pc.alerts.some((a) => a.type.endsWith('win32csp_install') && a.data === '0')),
      )
      for (const pc of r.all()) assert.deepEqual([pc.codes.get(`${early}.0`), pc.codes.get(`${id}.1`)], [404, 200])
    })
  })

  it('lives through everything: nothing is lost, nothing that counts takes effect twice', async () => {
    const habits = ['restarted', 'answer-lost', 'duplicated'] as const
    const ids: string[] = []
    let rows: { device: string; id: string; state: string; reason: { code: string } | null }[] = []
    const lines = await running(
      { preset: 'rough', rates: { silent: 0, drift: 0 }, devices: 10, backoffMaxS: 0.2 },
      async (r) => {
        const lived = () => habits.every((event) => r.lines.some((l) => l.event === event))
        // Which turn has which habit follows from the seed; how many turns a command takes does not.
        for (let i = 0; i < 40 && (i < 10 || !lived()); i += 1) {
          ids.push(
            r.dm.queue([command('Replace', './DevDetail/Ext/Microsoft/DeviceName', `PC${i}`)]),
            r.dm.queue([command('Get', './DevInfo/Man')]),
          )
          await r.until('everything to end', () => answered(r, ...ids.map((id) => `${id}.0`)))
        }
        rows = r.all().flatMap((pc) =>
          ids.map((id) => {
            const ok = pc.codes.get(`${id}.0`) === 200
            return {
              device: pc.serial,
              id,
              state: ok ? 'completed' : 'failed',
              reason: ok ? null : { code: 'device-error' },
            }
          }),
        )
      },
    )
    const report = await checkRecord(lines, rows)
    // The server in memory hands everything over again that a lost session had: an end may come twice, another the second time.
    const violations = report.violations.filter((v) => v.rule !== 'outcome-differs' && v.rule !== 'resent-after-end')
    assert.deepEqual(violations, [])
    for (const event of habits)
      assert.ok(
        lines.some((l) => l.event === event),
        event,
      )
  })

  it('takes nothing that a real client would not', async () => {
    const spoilt: [RegExp, (xml: string) => string][] = [
      [/holds elements|no word/, (x) => x.replace('<Data>200', '<Data><b/>200')],
      [/No XML/, (x) => x.replace('<Data>200', '<Data><![CDATA[200]]>')],
      [/does not belong|no CmdID/, (x) => x.replace(/(<CmdID>[^<]*<\/CmdID>)(<MsgRef>[^<]*<\/MsgRef>)/, '$2$1')],
      [/first status/, (x) => x.replace(/<Status>.*?<\/Status>/, '')],
      [/No status of/, (x) => x.replace(/<Status><CmdID>s2<.*?<\/Status>/, '')],
      [/session is/, (x) => x.replace(/<SessionID>/, '<SessionID>9')],
      [/MsgID/, (x) => x.replace(/<MsgID>/, '<MsgID>9')],
      [/message for/, (x) => x.replace(/<Target><LocURI>/, '<Target><LocURI>X')],
      [/twice/, (x) => x.replace(/<CmdID>s2</, '<CmdID>1<')],
      [/status of message/, (x) => x.replace(/<MsgRef>1</, '<MsgRef>7<')],
      [/no name/, (x) => x.replace('xmlns="SYNCML:SYNCML1.2"', '')],
    ]
    for (const [why, spoil] of spoilt) {
      const all = running({ devices: 1, seed: 'plain' }, async (r) => {
        r.dm.spoil = (x) => (x.includes('<SyncML') ? spoil(x) : x)
        await r.until('the complaint', () => false)
      })
      await assert.rejects(all, why)
    }
    const chunks = running({ devices: 1, seed: 'plain' }, async (r) => {
      r.dm.chunked = true
      await r.until('the complaint', () => false)
    })
    await assert.rejects(chunks, /chunks/)
  })
})
