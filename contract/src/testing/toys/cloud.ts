/** A toy of the cloud shape: nothing comes from the device; we call its maker, who takes whole documents, answers later by a name of its own, and has a quota. Devices that its maker does not know run an agent, which comes by itself and takes settings one by one. */
import { z } from 'zod'
import {
  type Delivery,
  deviceInventory,
  type FeatureRow,
  feature,
  fillVariables,
  type Json,
  type JsonObject,
  type OperationRow,
  type Outcome,
  operation,
  type Platform,
  type PlatformHost,
  type RowExample,
  type Said,
  variablesOf,
} from '../../index.ts'

const reboot = operation({
  id: 'cloud.reboot',
  title: 'Reboot',
  summary: 'Restarts the device.',
  danger: 'none',
  repeatable: false,
  expiresS: 3600,
  params: z.object({}).strict(),
  result: z.object({}),
  examples: [{ params: {} }],
})
const kiosk = feature({
  id: 'cloud.kiosk',
  title: 'Kiosk',
  summary: 'One app alone.',
  settings: z.object({ app: z.string().min(1) }).strict(),
  merge: { rule: 'priority' },
  examples: [{ app: 'org.example.till' }],
})
const banner = feature({
  id: 'cloud.banner',
  title: 'Banner',
  summary: 'Words on the lock screen.',
  settings: z.object({ text: z.string().min(1) }).strict(),
  merge: { rule: 'priority' },
  examples: [{ text: 'Belongs to {{device.serial}}' }],
})

/** The cloud's word for how an operation ended. */
function read(reply: Json): Outcome {
  const said = typeof reply === 'object' && reply !== null && !Array.isArray(reply) ? reply : {}
  if (said.done === true) return { state: 'completed', result: {} }
  if (typeof said.error === 'string') return { state: 'failed', reason: { code: 'cloud-error', text: said.error } }
  return { state: 'unreadable', reason: { code: 'unreadable', text: 'It neither ended nor failed.' } }
}
const replies: NonNullable<RowExample['replies']> = [
  { reply: { done: true }, outcome: { state: 'completed', result: {} } },
  { reply: { error: 'offline' }, outcome: { state: 'failed', reason: { code: 'cloud-error', text: 'offline' } } },
]
const command = (type: string): OperationRow => ({
  channel: 'device',
  to: () => ({ type }),
  from: read,
  examples: [{ in: {}, wire: { type }, replies }],
})
const section = (key: string, examples: FeatureRow['examples']): FeatureRow => ({
  channel: 'device',
  to: (s) => ({ [key]: s }),
  examples,
})
/** The same over the agent: as it is. */
const plainly = (examples: FeatureRow['examples']): FeatureRow => ({
  channel: 'agent',
  to: (s) => s,
  from: read,
  examples,
})
const agentReboot: OperationRow = {
  channel: 'agent',
  remembers: true,
  to: () => ({ reboot: true }),
  from: read,
  examples: [{ in: {}, wire: { reboot: true }, replies }],
}
const features: Record<string, FeatureRow[]> = {
  'cloud.kiosk': [section('kiosk', [{ in: { app: 'till' }, wire: { kiosk: { app: 'till' } } }])],
  'cloud.banner': [
    section('banner', [{ in: { text: 'Hi' }, wire: { banner: { text: 'Hi' } } }]),
    plainly([{ in: { text: 'Hi' }, wire: { text: 'Hi' } }]),
  ],
}
const operations: Record<string, OperationRow[]> = {
  'cloud.reboot': [command('REBOOT'), agentReboot],
  [deviceInventory.id]: [command('REPORT')],
}

export const cloud: Platform = {
  id: 'cloud',
  title: 'Cloud',
  settings: { device: 'whole' },
  migrations: [{ name: '0001_documents', sql: 'create table document (name text primary key, hash text not null)' }],
  describe: () => ({
    settings: z.object({ url: z.string().optional() }).strict(),
    deviceTypes: [{ id: 'cloud.tablet', title: 'Tablet', formFactors: ['tablet', 'other'] }],
    enrolments: [{ id: 'cloud.token', title: 'Token', ownerships: ['cope'] }],
    facts: [],
    operations: [reboot],
    features: [kiosk, banner],
    events: [],
  }),
  rows: () => ({ operations, features }),
  origins: (settings) => [urlOf(settings)],
  open: async (host, settings) => {
    const call = caller(host, urlOf(settings))
    return {
      routes: [],
      invite: async ({ code }) => ({ steps: [{ text: 'Scan this.', qr: code }] }),
      calls: ['device'],
      rate: { perSecond: 1_000, inFlight: 50 },
      deliver: async (deliveries) => {
        for (const d of deliveries) await host.turn(d.channel, { said: [await hand(host, call, d)], take: 0 })
      },
      jobs: [{ name: 'poll', everyS: 1, run: () => poll(host, call) }],
      close: async () => undefined,
    }
  },
}

type Call = (method: string, path: string, body?: Json) => Promise<{ busy: true } | { busy: false; body: Json }>

function urlOf(settings: Json): string {
  const url = typeof settings === 'object' && settings !== null && !Array.isArray(settings) ? settings.url : undefined
  return typeof url === 'string' ? url : 'http://cloud.invalid'
}
function caller(host: PlatformHost, url: string): Call {
  return async (method, path, body) => {
    const r = await host.fetch(`${url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return r.status === 429 ? { busy: true } : { busy: false, body: (await r.json()) as Json }
  }
}

async function hand(host: PlatformHost, call: Call, d: Delivery): Promise<Said> {
  const returned: Said = {
    id: d.id,
    state: 'returned',
    reason: { code: 'quota', text: 'The cloud takes no more now.' },
  }
  if (d.kind === 'operation') {
    const answer = await call('POST', `/commands/${d.channel.device}`, d.row.to(d.params, d.channel, d.secrets, d.kept))
    return answer.busy ? returned : { id: d.id, ref: String((answer.body as JsonObject).name), state: 'acknowledged' }
  }
  if (d.kind === 'document') return (await place(host, call, d)) ? { id: d.id, state: 'completed' } : returned
  return { id: d.id, state: 'failed', reason: { code: 'unsupported', text: `The cloud takes no ${d.kind}.` } }
}

/** The document of the set, shared by all who have it, unless it speaks of the device itself; written only when the cloud has another. */
async function place(host: PlatformHost, call: Call, d: Extract<Delivery, { kind: 'document' }>): Promise<boolean> {
  const parts = await host.desired(d.set)
  const own = parts.some((p) => variablesOf(p.settings).length > 0)
  const document: JsonObject = {}
  for (const p of parts) {
    const filled = fillVariables(p.settings, d.channel.variables)
    const row = features[p.feature]?.find((r) => r.channel === 'device')
    if ('settings' in filled && row) Object.assign(document, row.to(filled.settings, d.channel, d.secrets))
  }
  const name = own ? `device-${d.channel.device}` : `set-${d.set}`
  const hash = JSON.stringify(document)
  const [known] = await host.sql<{ hash: string }>`select hash from document where name = ${name}`
  if (known?.hash !== hash) {
    if ((await call('PUT', `/policies/${name}`, document)).busy) return false
    await host.sql`insert into document (name, hash) values (${name}, ${hash}) on conflict (name) do update set hash = excluded.hash`
  }
  return !(await call('PUT', `/devices/${d.channel.device}`, { policy: name })).busy
}

/** Answers come by the cloud's own names; a name that no longer waits is passed over. */
async function poll(host: PlatformHost, call: Call): Promise<void> {
  const done = await call('GET', '/done')
  if (done.busy || !Array.isArray(done.body)) return
  for (const { name, reply } of done.body as { name: string; reply: Json }[]) {
    const c = await host.find({ ref: name })
    if (c) await host.turn(c, { said: [{ ref: name, reply }], take: 0 })
  }
}
