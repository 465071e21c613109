/** A toy of the pull shape: the device asks, one command a message, puts off what it cannot do now, and has a channel for each user beside its own. */
import { z } from 'zod'
import {
  type Channel,
  type Delivery,
  deviceDisenrol,
  deviceInventory,
  deviceMessage,
  type FeatureRow,
  feature,
  type Json,
  type JsonObject,
  type Message,
  type OperationRow,
  type Outcome,
  operation,
  type Platform,
  type PlatformHost,
  passcode,
  type Refusal,
  type Reply,
  type RowExample,
  type Turn,
  type Verdict,
} from '../../index.ts'

const lock = operation({
  id: 'pull.lock',
  title: 'Lock',
  summary: 'Locks the screen.',
  danger: 'none',
  repeatable: false,
  expiresS: 3600,
  params: z.object({ text: z.string().max(200).default('') }).strict(),
  result: z.object({}),
  examples: [{ params: { text: 'Call us' } }],
})
const unlock = operation({
  id: 'pull.unlock',
  title: 'Unlock',
  summary: 'Removes the passcode with the token that the device entrusted to us.',
  danger: 'confirm',
  repeatable: false,
  expiresS: 3600,
  params: z.object({}).strict(),
  result: z.object({}),
  examples: [{ params: {} }],
})
const wipe = operation({
  id: 'pull.wipe',
  title: 'Wipe',
  summary: 'Erases the device.',
  danger: 'destructive',
  effect: 'wipe',
  repeatable: false,
  expiresS: 3600,
  params: z.object({}).strict(),
  result: z.object({}),
  examples: [{ params: {} }],
})
const wifi = feature({
  id: 'pull.wifi',
  title: 'Wi-Fi',
  summary: 'Joins a network as its user.',
  secret: ['password'],
  merge: { rule: 'priority' },
  settings: z
    .object({
      ssid: z.string().min(1).max(32),
      identity: z.string().max(200).default(''),
      password: z.string().max(200).optional(),
    })
    .strict(),
  examples: [{ ssid: 'Office', identity: '{{user.email}}' }],
})

/** Acknowledged, Error and NotNow are the device's words; anything else is not a reply. */
function read(reply: Json): Outcome {
  const said = typeof reply === 'object' && reply !== null && !Array.isArray(reply) ? reply : {}
  if (said.status === 'Acknowledged') return { state: 'completed', result: said.result ?? {} }
  if (said.status === 'NotNow') return { state: 'deferred', reason: { code: 'not-now', text: 'The device is busy.' } }
  if (said.status === 'Error')
    return {
      state: 'failed',
      reason: { code: 'device-error', text: typeof said.error === 'string' ? said.error : 'The device refused.' },
    }
  return { state: 'unreadable', reason: { code: 'unreadable', text: 'The reply has no status that is known.' } }
}
const replies: NonNullable<RowExample['replies']> = [
  { reply: { status: 'Acknowledged', result: { ok: true } }, outcome: { state: 'completed', result: { ok: true } } },
  {
    reply: { status: 'NotNow' },
    outcome: { state: 'deferred', reason: { code: 'not-now', text: 'The device is busy.' } },
  },
  {
    reply: { status: 'Error', error: 'no such profile' },
    outcome: { state: 'failed', reason: { code: 'device-error', text: 'no such profile' } },
  },
  {
    reply: 'what?',
    outcome: { state: 'unreadable', reason: { code: 'unreadable', text: 'The reply has no status that is known.' } },
  },
]
/** One command of the device's protocol. */
function row(type: string, o: Partial<OperationRow> & { in?: JsonObject; wire?: JsonObject } = {}): OperationRow {
  const to = o.to ?? ((params: JsonObject) => ({ type, ...params }))
  return {
    channel: o.channel ?? 'device',
    when: o.when,
    needs: o.needs,
    to,
    from: read,
    examples: [{ in: o.in ?? {}, wire: o.wire ?? { type, ...o.in }, replies }],
  }
}
const unreported: Verdict = { state: 'unknown', reason: { code: 'not-reported', text: 'The device has not said.' } }
type Wifi = { ssid: string; identity?: string }
type Passcode = { minLength: number }
const features: Record<string, FeatureRow[]> = {
  'pull.wifi': [
    {
      channel: 'device',
      needs: ['password'],
      from: read,
      to: (s: Wifi, _c, secrets) => ({
        type: 'Wifi',
        ssid: s.ssid,
        identity: s.identity ?? '',
        password: secrets.password ?? null,
      }),
      examples: [
        {
          in: { ssid: 'Office', identity: 'ada' },
          wire: { type: 'Wifi', ssid: 'Office', identity: 'ada', password: 'secret:password' },
          replies,
        },
      ],
      check: (s: Wifi, { 'pull.networks': joined }) =>
        !Array.isArray(joined)
          ? unreported
          : joined.includes(s.ssid)
            ? { state: 'verified' }
            : { state: 'drifted', reason: { code: 'not-joined', text: `It has not joined ${s.ssid}.` } },
    },
  ],
  [passcode.id]: [
    {
      channel: 'device',
      from: read,
      to: (s: Passcode) => ({ type: 'Passcode', length: s.minLength }),
      examples: [{ in: { minLength: 8 }, wire: { type: 'Passcode', length: 8 }, replies }],
      check: (s: Passcode, { 'pull.passcode': length }) =>
        typeof length !== 'number'
          ? unreported
          : length >= s.minLength
            ? { state: 'verified' }
            : { state: 'drifted', reason: { code: 'short', text: 'The passcode is too short.' } },
    },
  ],
}
const operations: Record<string, OperationRow[]> = {
  'pull.lock': [
    row('Lock', {
      in: { text: 'Call us' },
      when: (c) =>
        c.facts['pull.supervised'] === false
          ? { code: 'not-supervised', text: 'Only a supervised device can be locked.' }
          : true,
    }),
  ],
  'pull.unlock': [
    row('Unlock', {
      needs: ['unlock-token'],
      to: (_p, _c, secrets) => ({ type: 'Unlock', token: secrets['unlock-token'] ?? null }),
      wire: { type: 'Unlock', token: 'secret:unlock-token' },
    }),
  ],
  'pull.wipe': [row('Erase')],
  [deviceInventory.id]: [row('Inventory')],
  [deviceDisenrol.id]: [row('Leave')],
  // Who sits at the device sees it, when somebody does.
  [deviceMessage.id]: [
    row('Show', { channel: 'user', in: { title: '', text: 'Hello' } }),
    row('Show', { in: { title: '', text: 'Hello' } }),
  ],
}

export const pull: Platform = {
  id: 'pull',
  title: 'Pull',
  settings: 'each',
  migrations: [],
  describe: () => ({
    settings: z.object({}).strict(),
    deviceTypes: [{ id: 'pull.phone', title: 'Phone', formFactors: ['phone', 'other'] }],
    enrolments: [{ id: 'pull.code', title: 'Code', ownerships: ['byod', 'cope'] }],
    facts: [
      { id: 'pull.networks', title: 'Networks', type: 'list' },
      { id: 'pull.passcode', title: 'Passcode length', type: 'number' },
      { id: 'pull.supervised', title: 'Supervised', type: 'boolean' },
    ],
    operations: [lock, unlock, wipe],
    features: [wifi],
    events: [{ id: 'pull.jailbreak', title: 'Jailbroken', severity: 'critical' }],
  }),
  rows: () => ({ operations, features }),
  open: async (host) => ({
    routes: [
      {
        method: 'POST',
        path: '/enrol',
        maxBytes: 65_536,
        access: { public: 'the code in it is the proof' },
        handle: (m) => enrol(host, m),
      },
      { method: 'POST', path: '/connect', maxBytes: 65_536, access: { device: true }, handle: (m) => connect(host, m) },
    ],
    invite: async ({ code }) => ({ steps: [{ text: 'Type this code.', command: code }] }),
    wake: (c) => (typeof c.push === 'string' ? { via: 'apns', to: c.push } : undefined),
    close: async () => undefined,
  }),
}

const reply = (status: number, body: Json): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
const bodyOf = (m: Message) => JSON.parse(new TextDecoder().decode(m.body)) as JsonObject

async function enrol(host: PlatformHost, m: Message): Promise<Reply> {
  const { code, key, facts } = bodyOf(m)
  const c = await host.begin(String(code), (facts ?? {}) as JsonObject)
  await host.key(c, String(key))
  await host.activate(c, {})
  return reply(201, { device: c.device })
}

/** One message: what the device says of its last command, and how it comes: Idle opens a new connection, where put-off commands are offered again. */
async function connect(host: PlatformHost, m: Message): Promise<Reply> {
  const device: Channel | Refusal = await host.identify({ key: m.headers.authorization ?? '' })
  if ('refused' in device)
    return reply(device.refused === 'gone' || device.refused === 'revoked' ? 410 : 401, { refused: device.refused })
  const { status, id, user, push, facts, ...said } = bodyOf(m)
  const c = typeof user === 'string' ? await host.channel(device, `user:${user}`, {}) : device
  const turn: Turn = { take: 1, deferred: status === 'Idle' ? 'again' : 'skip', expectInS: 900 }
  if (typeof id === 'string')
    Object.assign(turn, { said: [{ id, reply: { status: status ?? null, ...said } }], raw: m.body })
  if (push !== undefined) turn.push = push
  if (facts !== undefined) Object.assign(turn, { facts: facts as JsonObject, partial: true })
  const [d] = await host.turn(c, turn)
  return d ? reply(200, encode(d)) : reply(204, {})
}

function encode(d: Delivery): Json {
  if (d.kind === 'operation') return { id: d.id, command: d.row.to(d.params, d.channel, d.secrets, d.kept) }
  if (d.kind === 'setting')
    return { id: d.id, verb: d.verb, command: d.row.to(d.settings, d.channel, d.secrets, d.kept) }
  if (d.kind === 'errand') return { id: d.id, command: { type: d.name, payload: d.payload } }
  throw new Error('this platform takes settings one by one')
}
