/** A platform that is nothing like the agent channel joins by the interface alone: mutual TLS, bodies of bytes, a turn of several requests, sleep until a push. */
import assert from 'node:assert/strict'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import type { Json } from '@muster/contract'
import { createAgenda } from './agenda.ts'
import { checkRecord } from './check.ts'
import { createDeeds, type Deed, emptyMemory, type Memory } from './deeds.ts'
import { runOn } from './fleet.ts'
import { deviceCertificate, deviceKey, serverCertificate, serverKey } from './identity.fixture.ts'
import type { FleetPlatform, SimulatedDevice, Standing } from './platform.ts'
import type { RecordLine } from './record.ts'
import { Refused, refusalOf } from './refused.ts'
import { createWire, WireFailed } from './wire.ts'

/** Commands are one byte each: 1 blinks, anything else is not known. A device asks, answers, and asks again until nothing is left. */
interface Command extends Deed {
  readonly byte: number
}
interface Kept {
  standing: Standing
  device?: string
  blinks: number
  memory: Memory<Command>
}

const blinker: FleetPlatform = {
  id: 'blinker',
  words: { operations: ['blink'], features: [] },
  async open({ send, agenda, record, times }) {
    return {
      device({ no, behaviour, reachableAt }, from): SimulatedDevice {
        let kept: Kept = (from as Kept | undefined) ?? { standing: 'new', blinks: 0, memory: emptyMemory() }
        const identity = { key: deviceKey, certificate: deviceCertificate }
        const name = () => kept.device ?? `blinker-${no}`
        const restart = () => {
          record.write(name(), 'restarted')
          kept = JSON.parse(JSON.stringify(kept)) as Kept
          deeds.restarted(kept.memory)
        }
        const deeds = createDeeds<Command>(
          {
            doing: {
              refusal: ({ byte }) => (byte === 1 ? undefined : { code: 'unknown-byte', text: `What is ${byte}?` }),
              isRepeatable: () => false,
              act: () => ({ result: { blinks: ++kept.blinks } }),
              acknowledges: false,
            },
            behaviour,
            record,
            now: agenda.now,
            ...times,
            name,
            restart,
          },
          kept.memory,
        )
        async function ask(body: Uint8Array): Promise<Buffer> {
          const path = `device?name=${encodeURIComponent(name())}`
          const answer = await send({ kind: 'ask', method: 'PUT', path, body, identity })
          if (answer.status !== 200) throw refusalOf(answer)
          return answer.bytes
        }
        return {
          name,
          standing: () => kept.standing,
          async enrol(code) {
            const answer = await send({
              kind: 'enrol',
              method: 'POST',
              path: 'enrol',
              body: Buffer.from(code),
              identity,
            })
            if (answer.status !== 200) throw refusalOf(answer)
            Object.assign(kept, { standing: 'enrolled', device: answer.bytes.toString('latin1') })
            reachableAt(`token-${kept.device}`)
            return {}
          },
          async turn({ ending }) {
            for (let said = kept.memory.outbox.splice(0, 1); ; said = kept.memory.outbox.splice(0, 1)) {
              const [end] = said
              deeds.telling(said)
              const asked = record.last
              const answer = await ask(
                end ? Buffer.from(`${end.state === 'completed' ? 0 : 255} ${end.id}`) : Buffer.alloc(0),
              )
              deeds.heard(said)
              if (ending || answer.length === 0) return { forMs: 3_600_000 }
              const [byte = 0] = answer
              deeds.receive({ id: answer.toString('latin1', 1), kind: 'operation', name: 'blink', byte }, asked)
            }
          },
          unsaid: () => kept.memory.outbox.length > 0,
          refused: ({ status }) => (status === 410 ? 'gone' : undefined),
          restart,
          drift: () => undefined,
          change: () => undefined,
          farewell: async () => {
            kept.standing = 'left'
          },
          kept: () => kept as unknown as Json,
        }
      },
    }
  },
}

interface Blinking {
  readonly server: https.Server
  readonly url: string
  queue(device: string, byte: number): void
  readonly rows: Map<string, { device: string; id: string; state: string; reason?: { code: string } }>
  readonly connections: Set<unknown>
  readonly devices: string[]
}
async function blinking(): Promise<Blinking> {
  const rows: Blinking['rows'] = new Map()
  const waiting = new Map<string, { id: string; byte: number }[]>()
  const connections = new Set<unknown>()
  const devices: string[] = []
  const server = https.createServer(
    { key: serverKey, cert: serverCertificate, requestCert: true, rejectUnauthorized: false },
    async (q, s) => {
      const socket = q.socket as TLSSocket
      connections.add(socket)
      const chunks: Buffer[] = []
      for await (const chunk of q) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks)
      if (socket.getPeerCertificate().subject?.CN !== 'device-7') return void s.writeHead(401).end()
      if (q.url === '/enrol') {
        devices.push(`d${devices.length}`)
        return void s.end(devices.at(-1))
      }
      const device = new URL(q.url ?? '', 'https://x').searchParams.get('name') ?? ''
      const said = /^(\d+) (.+)$/.exec(body.toString('latin1'))
      if (said)
        Object.assign(
          rows.get(said[2] ?? '') ?? {},
          said[1] === '0' ? { state: 'completed' } : { state: 'failed', reason: { code: 'unknown-byte' } },
        )
      const next = waiting.get(device)?.shift()
      s.end(next ? Buffer.concat([Buffer.from([next.byte]), Buffer.from(next.id)]) : Buffer.alloc(0))
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    server,
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    rows,
    connections,
    devices,
    queue(device, byte) {
      const id = `o${rows.size + 1}`
      rows.set(id, { device, id, state: 'sent' })
      waiting.set(device, [...(waiting.get(device) ?? []), { id, byte }])
    },
  }
}

test('a platform of its own protocol: enrolled by mutual TLS, asleep until a push, judged by the same record', async () => {
  const there = await blinking()
  const agenda = createAgenda()
  const wire = createWire({ server: there.url, connections: 4, ca: serverCertificate })
  const lines: RecordLine[] = []
  const stop = new AbortController()
  let wake: (address: string) => boolean = () => false
  try {
    const running = runOn(
      { send: wire.send, agenda },
      {
        server: there.url,
        devices: 5,
        platform: 'blinker',
        seed: 's',
        codes: ['a', 'b', 'c', 'd', 'e'],
        preset: 'calm',
        signal: stop.signal,
        watch: (l) => lines.push(l),
        pushes: (w) => {
          wake = w
          return () => {
            wake = () => false
          }
        },
      },
      blinker,
    )
    await until(() => lines.filter((l) => l.event === 'enrolled').length === 5)
    for (const device of there.devices) {
      there.queue(device, 1)
      there.queue(device, 7)
    }
    assert.equal(wake('token-nobody'), false)
    for (const device of there.devices) assert.equal(wake(`token-${device}`), true)
    await until(() => [...there.rows.values()].every((r) => r.state !== 'sent'))
    stop.abort()
    const report = await running
    assert.deepEqual(report.devices, { wanted: 5, enrolled: 5, refused: 0, left: 0, gone: 0 })
    assert.deepEqual([report.events.woken, report.events.executed, report.events.concluded], [5, 5, 10])
    const checked = await checkRecord(lines, there.rows.values())
    assert.deepEqual([checked.violations, checked.acknowledged], [[], 10])
    assert.equal(there.connections.size, 5, 'each device keeps its own connection')
    assert.equal(wake('token-d0'), false, 'the push service is unplugged with the run')
  } finally {
    stop.abort()
    agenda.clear()
    await wire.close()
    there.server.closeAllConnections()
    await new Promise((resolve) => there.server.close(resolve))
  }
})

test('the wire: bytes as they are, another port of the same host, no other host, and no certificate but its own', async () => {
  const [one, two] = [await blinking(), await blinking()]
  const wire = createWire({ server: one.url, connections: 2, ca: serverCertificate })
  const identity = { key: deviceKey, certificate: deviceCertificate }
  try {
    const asked = { kind: 'x', method: 'POST', path: `${two.url}/enrol`, body: new Uint8Array([0, 255]) } as const
    assert.equal((await wire.send({ ...asked, identity })).bytes.toString(), 'd0')
    const refused = await wire.send(asked)
    assert.deepEqual([refused.status, new Refused('x', refused).status], [401, 401])
    for (const path of ['https://127.0.0.1/', 'http://localhost/', '//example.com/'])
      await assert.rejects(
        wire.send({ ...asked, path }),
        (e) => e instanceof WireFailed && e.code === 'foreign-address',
      )
    await assert.rejects(
      wire.send({ ...asked, identity, lose: true }),
      (e) => e instanceof WireFailed && e.code === 'answer-lost',
    )
    assert.equal(
      (await wire.send({ ...asked, identity })).bytes.toString(),
      'd2',
      'a lost answer cuts its own connection alone',
    )
    await assert.rejects(
      wire.send({ ...asked, signal: AbortSignal.abort() }),
      (e) => e instanceof WireFailed && e.code === 'aborted',
    )
  } finally {
    await wire.close()
    for (const { server } of [one, two]) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
})

async function until(seen: () => boolean): Promise<void> {
  const end = Date.now() + 20_000
  while (!seen()) {
    assert.ok(Date.now() < end, 'it takes too long')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
