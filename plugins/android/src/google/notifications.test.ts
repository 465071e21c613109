/** Notifications that come together are dealt with together: looked up and written at once, each device's in their order, and none taken for done that failed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, ChannelDetail, JsonObject, PlatformHost, Turn } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import { createAlone } from './alone.ts'
import type { Connection } from './connection.ts'
import { createNotifications, type Notification } from './notifications.ts'
import type { Parting } from './parting.ts'

const enterprise = 'enterprises/LC1'
const device = (n: number) => `${enterprise}/devices/d${n}`
const command = (n: number, k = 1) => `${device(n)}/operations/${k}`
const report = (n: number, minute: number): Notification => ({
  type: 'STATUS_REPORT',
  data: {
    name: device(n),
    state: 'ACTIVE',
    lastStatusReportTime: `2026-05-01T10:${String(minute).padStart(2, '0')}:00Z`,
  },
})
const done = (n: number, k = 1): Notification => ({ type: 'COMMAND', data: { name: command(n, k), done: true } })

/** A host of so many devices, each with one command under way, that notes what it is asked, and how much of it at one time. */
function stage(devices: number) {
  const spent = { sql: [] as string[], find: 0, findsAtOnce: 0, turnsAtOnce: 0 }
  const turns: { no: number; turn: Turn }[] = []
  const open = new Set<string>()
  const failing = new Set<number>()
  let left = ''
  let [finding, turning] = [0, 0]
  const channels = Array.from({ length: devices }, (_, no) => ({ ...sampleChannel({ platform: 'android' }), no }))
  for (const no of channels.keys()) open.add(command(no))
  const later = () => new Promise<void>((resolve) => setImmediate(resolve))
  const host = {
    sql: async (text: TemplateStringsArray) => {
      spent.sql.push(text.join('?').trim().slice(0, 20))
      await later()
      return []
    },
    find: async (by: { ref: string } | { fact: string; value: string }) => {
      spent.find += 1
      finding += 1
      spent.findsAtOnce = Math.max(spent.findsAtOnce, finding)
      await later()
      finding -= 1
      const name = 'ref' in by ? by.ref : by.value
      return 'ref' in by && !open.has(name) ? undefined : channels[Number(/devices\/d(\d+)/.exec(name)?.[1])]
    },
    detail: async (c: Channel): Promise<ChannelDetail> => {
      await later()
      return channels[c.no] as ChannelDetail
    },
    turn: async (c: Channel, turn: Turn) => {
      turning += 1
      spent.turnsAtOnce = Math.max(spent.turnsAtOnce, turning)
      await later()
      turning -= 1
      if (failing.has(c.no)) throw new Error('the database is away')
      turns.push({ no: c.no, turn })
      return []
    },
    log: { info: () => undefined, warn: () => undefined },
  } as unknown as PlatformHost
  const parting: Parting = {
    begins: async () => undefined,
    ends: async () => undefined,
    left: async (_, name) => {
      left = name
    },
  }
  /** What Google is asked for a device, and what it says of it. */
  const google = { policyName: '', asked: [] as string[] }
  const api = async (r: { method: string; path: string; body?: JsonObject }) => {
    google.asked.push(`${r.method} ${String(r.body?.policyName ?? '')}`.trim())
    await later()
    if (r.method === 'PATCH') google.policyName = String(r.body?.policyName)
    return { name: r.path.slice(3), policyName: google.policyName }
  }
  const connection = { enterprise: async () => ({ name: enterprise }), api } as unknown as Connection
  const enrolment = { arrive: async () => undefined } as unknown as Parameters<
    typeof createNotifications
  >[0]['enrolment']
  const alone = createAlone()
  const notifications = createNotifications({ host, connection, enrolment, parting, alone })
  const pointed = (n: number, policy: string) => Object.assign(channels[n] ?? {}, { state: { policy, version: 1 } })
  return { notifications, spent, turns, open, failing, left: () => left, google, alone, pointed }
}

test('a hundred together cost two statements of the plugin’s own, and are looked up and written at once', async () => {
  const s = stage(50)
  const list = Array.from({ length: 50 }, (_, n) => [done(n), report(n, 1)]).flat()
  assert.deepEqual(
    await s.notifications.takeAll(list),
    list.map(() => true),
  )
  assert.deepEqual(s.spent.sql, ['update enterprise se', 'delete from command '])
  assert.equal(s.turns.length, 100)
  assert.equal(s.spent.findsAtOnce, 50)
  assert.ok(s.spent.turnsAtOnce >= 50, `${s.spent.turnsAtOnce} turns at one time`)
})

test('those of one device are taken in their order, whatever others do', async () => {
  const s = stage(3)
  const minutes = [5, 1, 9, 9, 2]
  const list = minutes.flatMap((m) => [0, 1, 2].map((n) => report(n, m)))
  await s.notifications.takeAll(list)
  for (const n of [0, 1, 2]) {
    const told = s.turns.filter((t) => t.no === n).map((t) => new Date(t.turn.reportedAt ?? '').getUTCMinutes())
    assert.deepEqual(told, minutes)
  }
})

test('what fails is to come again, and nothing else is', async () => {
  const s = stage(4)
  s.failing.add(2)
  const list = [
    done(0),
    done(2),
    report(2, 1),
    report(3, 1),
    { type: 'NOVELTY', data: 'x' },
    { type: 'COMMAND', data: null },
  ]
  assert.deepEqual(await s.notifications.takeAll(list), [true, false, false, true, true, true])
})

test('a command that ends before its name is known here ends when it is', async () => {
  const s = stage(1)
  s.open.clear()
  assert.deepEqual(await s.notifications.takeAll([done(0, 7)]), [true])
  assert.equal(s.turns.length, 0)
  assert.ok(!s.spent.sql.some((x) => x.startsWith('delete')), 'it is still to be looked at')
  s.open.add(command(0, 7))
  await s.notifications.known(command(0, 7))
  assert.deepEqual(
    s.turns.map((t) => t.turn.said?.[0]?.ref),
    [command(0, 7)],
  )
  await s.notifications.known(command(0, 7))
  assert.equal(s.turns.length, 1)
})

test('a device that is deleted has left, whoever says so first', async () => {
  const s = stage(1)
  const gone: JsonObject = { name: device(0), appliedState: 'DELETED' }
  await s.notifications.takeAll([{ type: 'STATUS_REPORT', data: gone }])
  assert.equal(s.left(), device(0))
})

test('who was pointed elsewhere is pointed back: by what Google says now, and never while we point it ourselves', async () => {
  const s = stage(1)
  const listed = (policyName: string) => s.notifications.device({ name: device(0), policyName }, { listed: true })
  s.pointed(0, 'mine')
  s.google.policyName = 'foreign'
  await listed('foreign')
  assert.deepEqual([s.google.policyName, s.google.asked.splice(0)], ['mine', ['GET', 'PATCH mine']])
  await listed('the one before')
  assert.deepEqual(s.google.asked.splice(0), ['GET'], 'the list was older than that')
  // It is being pointed: Google knows the next document already, and we are about to know.
  const { promise, resolve } = Promise.withResolvers<void>()
  const pointing = s.alone(device(0), () => promise)
  s.google.policyName = 'next'
  const look = listed('next')
  await new Promise((r) => setTimeout(r, 20))
  s.pointed(0, 'next')
  resolve()
  await Promise.all([pointing, look])
  assert.deepEqual([s.google.policyName, s.google.asked], ['next', ['GET']])
})
