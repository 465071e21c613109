/** Looking for what no notification told: whatever Google answers instead of its list, the look goes on next time, and no device is taken for gone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject, PlatformHost } from '@muster/contract'
import type { Connection } from './connection.ts'
import type { Documents } from './documents.ts'
import { type ErrorKind, GoogleError } from './errors.ts'
import type { Notifications } from './notifications.ts'
import type { Parting } from './parting.ts'
import { createReconcile } from './reconcile.ts'
import { googleSettings } from './settings.ts'

const kinds: readonly ErrorKind[] = ['quota', 'away', 'access', 'missing', 'conflict', 'refused']
const names = ['enterprises/LC1/devices/a', 'enterprises/LC1/devices/b'] as const

/** Two devices on two pages; `fails`: paths that are answered with an error. */
function stage() {
  const fails = new Map<string, ErrorKind>()
  const asked: string[] = []
  const said = { listed: [] as string[], left: [] as string[], over: 0, warned: 0 }
  const kept = { page: null as string | null, due: true, seen: new Set<string>() }
  const api = async ({ path, query }: { path: string; query?: { pageToken?: string } }): Promise<JsonObject> => {
    asked.push(path)
    const kind = fails.get(path)
    if (kind) throw new GoogleError(kind, 'as the test wants it')
    if (!path.endsWith('/devices')) return { name: path.slice(3) }
    const at = Number(query?.pageToken ?? 0)
    return { devices: [{ name: names[at] ?? '' }], nextPageToken: at === 0 ? '1' : '' }
  }
  const host = {
    sql: async (text: TemplateStringsArray, ...values: unknown[]) => {
      const words = text.join('?')
      if (/select page/.test(words)) return [{ page: kept.page, begun: new Date(), due: kept.due }]
      if (/update sweep set page/.test(words)) kept.page = (values[0] as string | undefined) ?? null
      if (/update sweep set at/.test(words)) kept.due = false
      if (/update device set seen/.test(words)) for (const n of [values[0]].flat()) kept.seen.add(String(n))
      if (/select name from device/.test(words)) return names.filter((n) => !kept.seen.has(n)).map((name) => ({ name }))
      if (/select name, tries from command/.test(words)) return [{ name: `${names[0]}/operations/1`, tries: 0 }]
      return []
    },
    find: async () => undefined,
    log: { info: () => undefined, warn: () => void said.warned++ },
  } as unknown as PlatformHost
  const notifications = {
    device: async (d: JsonObject) => void said.listed.push(String(d.name)),
    operation: async () => {
      said.over += 1
      return true
    },
  } as unknown as Notifications
  const parting = { left: async (_: unknown, name: string) => void said.left.push(name) } as unknown as Parting
  const jobs = createReconcile({
    host,
    connection: { api, enterprise: async () => ({ name: 'enterprises/LC1' }) } as unknown as Connection,
    notifications,
    documents: {} as Documents,
    parting,
    settings: googleSettings.parse({}),
  })
  const run = (name: string) => jobs.find((j) => j.name === name)?.run(new AbortController().signal)
  return { fails, asked, said, kept, run }
}

test('a list that is refused, in whatever way, is asked for again where it broke off, or from the start when Google knows that place no more', async () => {
  for (const kind of kinds) {
    const anew = kind === 'refused' || kind === 'missing'
    const s = stage()
    s.kept.page = '1'
    s.fails.set('v1/enterprises/LC1/devices', kind)
    await s.run('google.devices')
    assert.deepEqual([s.said.listed, s.said.left, s.kept.page, s.kept.due], [[], [], anew ? null : '1', true], kind)
    assert.equal(s.said.warned, 1)
    s.fails.clear()
    await s.run('google.devices')
    assert.deepEqual(s.said.listed, anew ? names : [names[1]], 'from its page on')
    assert.equal(s.kept.due, false)
  }
})

test('a device that no list names is gone only when Google says so of it', async () => {
  for (const kind of kinds) {
    const s = stage()
    s.kept.page = '1'
    s.fails.set(`v1/${names[0]}`, kind)
    const host = s.said
    await s.run('google.devices')
    assert.deepEqual(host.left, [], 'nobody here has it')
    assert.equal(s.kept.due, kind !== 'missing', `${kind}: only a full look is over`)
  }
})

test('a command whose end cannot be asked for is asked for again; one that Google does not know is over', async () => {
  for (const kind of kinds) {
    const s = stage()
    s.fails.set(`v1/${names[0]}/operations/1`, kind)
    await s.run('google.commands')
    assert.equal(s.said.over, 0, kind)
    s.fails.clear()
    await s.run('google.commands')
    assert.equal(s.said.over, 1)
  }
})
