/** The Windows platform with a real core behind it, a way to its routes, and people who may enrol devices, or not. */
import assert from 'node:assert/strict'
import type { JsonObject, Message, OpenPlatform, Person, Reply } from '@muster/contract'
import { system } from '@muster/core'
import { type CoreBench, createHarness } from '@muster/core/testing'
import { installedPlatforms } from '@muster/server'

export interface CallOptions {
  query?: string
  headers?: Record<string, string>
  body?: Uint8Array | string
  certificate?: Uint8Array
  person?: Person
}
export type Call = (method: string, path: string, o?: CallOptions) => Promise<Reply>

export interface WindowsBench extends CoreBench {
  request: Call
  /** May enrol devices of her own; her password is `password`. */
  ada: Person
  /** May not. */
  nora: Person
  licence(version: string): Promise<unknown>
  /** Everything that an enrolment writes: the same before and after what must change nothing. */
  written(): Promise<JsonObject>
}
export const password = 'correct horse battery'

const callOf =
  (open: OpenPlatform): Call =>
  async (method, path, o = {}) => {
    const route = open.routes.find((r) => r.method === method && r.path === path)
    if (!route) throw new Error(`no route ${method} ${path}`)
    const message: Message = {
      method,
      path,
      query: o.query ?? '',
      headers: o.headers ?? {},
      body: typeof o.body === 'string' ? Buffer.from(o.body) : (o.body ?? new Uint8Array(0)),
      certificate: o.certificate,
      remote: '192.0.2.1',
      person: async () => o.person,
      signal: AbortSignal.timeout(30_000),
    }
    return route.handle(message)
  }

const counted = [
  'device',
  'enrolment',
  'channel',
  'credential',
  'certificate',
  'invitation',
  'identifier',
  'plugin_windows.dm_account',
]

export async function openWindows(
  settings: JsonObject = {},
  o: { clock?: { now(): Date } } = {},
): Promise<WindowsBench> {
  const windows = installedPlatforms.find((p) => p.id === 'windows')
  assert.ok(windows, 'Windows is not installed')
  const bench = await createHarness().open([windows], { windows: settings }, o)
  const open = bench.platforms.get('windows')
  assert.ok(open)
  const { access } = bench.core
  const role = await access.roles.create({ name: 'staff', permissions: ['device:enrol'], own: true }, system)
  const make = async (name: string, roles: { role: string }[]): Promise<Person> => {
    const email = `${name}@corp.example`
    const { id } = await access.users.create({ name, displayName: name, email, password, roles }, system)
    return { id, name, displayName: name, email }
  }
  const [ada, nora] = [await make('ada', [{ role: role.id }]), await make('nora', [])]
  return {
    ...bench,
    request: callOf(open),
    ada,
    nora,
    licence: (version) =>
      bench.core.enrollment.licences.create({
        platform: 'windows',
        language: 'en',
        version,
        text: 'You <agree>.',
        actor: 'system',
      }),
    written: async () => {
      const counts: JsonObject = {}
      for (const table of counted) {
        const [row] = await bench.db.query<{ n: number }>({ text: `select count(*)::int n from ${table}`, values: [] })
        counts[table] = row?.n ?? 0
      }
      return counts
    },
  }
}
