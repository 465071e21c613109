/** What devices and agents read of one another: the messages of the agent channel, signed commands, variables. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { checkEnvelope, Refused } from '@muster/agent/testing'
import {
  agentChannel,
  canonical,
  envelopeType,
  fillVariables,
  type Json,
  type JsonObject,
  variablesOf,
} from '@muster/contract'
import { readJson } from '@muster/kit'
import { parsers } from '@muster/server/testing'
import type { Specimen } from '../specimen.ts'
import { demand, problem, storable, text } from './refusals.ts'

const { Enrolment, Farewell, InvitationLook, RegistrationExtras, Sync, SyncAnswer, agentLimits } = agentChannel

const at = '2026-05-01T10:00:00Z'
const sync: Specimen = {
  name: 'agent-sync',
  form: 'json',
  good: [
    JSON.stringify({ sequence: 0, at, take: 25 }),
    JSON.stringify({
      sequence: 7,
      at,
      take: 25,
      waitS: 50,
      partial: true,
      facts: { 'os.name': 'Debian', 'battery.level': 0.5, list: [{ a: null }] },
    }),
    JSON.stringify({
      sequence: 8,
      at,
      take: 0,
      results: [
        { id: 'o7-1', state: 'completed', result: { exitCode: 0, output: 'ok' } },
        { id: 's7-2', state: 'failed', code: 'no-space', text: 'The disk is full.' },
        { id: 'o7-3', state: 'deferred', retryAfterS: 60 },
      ],
      events: [{ type: 'agent.started', at, data: {} }],
    }),
  ],
  bad: [
    '[]',
    'null',
    '{}',
    JSON.stringify({ sequence: -1, at, take: 1 }),
    JSON.stringify({ sequence: 1.5, at, take: 1 }),
    JSON.stringify({ sequence: 1, at: 'yesterday', take: 1 }),
    JSON.stringify({ sequence: 1, at, take: 26 }),
    JSON.stringify({ sequence: 1, at, take: 1, waitS: 1e9 }),
    JSON.stringify({ sequence: 1, at, take: 1, facts: { '': 1 } }),
    JSON.stringify({ sequence: 1, at, take: 1, results: [{ id: 'x', state: 'won' }] }),
    `{"sequence":1,"at":"${at}","take":1,"facts":{"a":"\\u0000"}}`,
    `{"sequence":1,"at":"${at}","take":1,"facts":{"a":${'['.repeat(40)}${']'.repeat(40)}}}`,
    `{"sequence":1e999,"at":"${at}","take":1}`,
  ],
  read: (bytes) => readJson(bytes, agentLimits.syncBytes, Sync),
  refused: problem,
  holds: (value) => {
    const read = value as agentChannel.Sync
    demand(Number.isSafeInteger(read.sequence) && read.take <= agentLimits.take, 'outside of its bounds')
    demand((read.results?.length ?? 0) <= agentLimits.results, 'more results than the channel takes')
    storable(read)
  },
}

const enrolment: Specimen = {
  name: 'agent-enrolment',
  form: 'json',
  good: [JSON.stringify({ ownership: 'cope', licence: '3', facts: { 'agent.version': '0.1.0' } })],
  bad: [
    '{}',
    JSON.stringify({ ownership: 'mine', facts: {} }),
    JSON.stringify({ ownership: 'byod' }),
    JSON.stringify({ ownership: 'byod', facts: [] }),
  ],
  read: (bytes) => readJson(bytes, agentLimits.syncBytes, Enrolment),
  refused: problem,
}
const small: Specimen = {
  name: 'agent-small-messages',
  form: 'json',
  good: ['{"code":"ABCD-EFGH"}', '{"reason":"sold"}'],
  bad: ['{"code":1}', '{"reason":null}', '{"code":"ABC"}', '"x"'],
  read: (bytes) => readJson(bytes, 64 * 1024, InvitationLook.or(Farewell)),
  refused: problem,
}
const registration: Specimen = {
  name: 'device-registration',
  form: 'json',
  good: [
    JSON.stringify({
      muster_platform: 'linux',
      muster_identifiers: [{ kind: 'machine-id', value: '4f3c' }],
      software_id: 'muster-agent',
      software_version: '0.1.0',
    }),
  ],
  bad: [
    '{}',
    JSON.stringify({
      muster_platform: 'linux',
      muster_identifiers: [{ kind: 'soul', value: 'x' }],
      software_id: 'a',
      software_version: '1',
    }),
  ],
  read: (bytes) => readJson(bytes, 64 * 1024, RegistrationExtras),
  refused: problem,
}

/** The other way round: what an agent reads of whoever answers at the address that it was given. */
const answer: Specimen = {
  name: 'agent-reads-answer',
  form: 'json',
  good: [
    JSON.stringify({
      deliveries: [{ id: 'o7-1', kind: 'operation', name: 'device.lock', payload: {}, attempt: 1, deadline: at }],
      nextS: 60,
      waitS: 0,
      sequence: 3,
      time: at,
    }),
  ],
  bad: [
    '{}',
    '[]',
    JSON.stringify({ deliveries: {}, nextS: 1, sequence: 1, time: at }),
    JSON.stringify({ deliveries: [], nextS: -1, sequence: 1, time: at }),
  ],
  read: (bytes) => {
    const read = SyncAnswer.safeParse(JSON.parse(text(bytes)))
    if (!read.success) throw new SyntaxError('refused')
    return read.data
  },
  refused: (e) => e instanceof SyntaxError,
}

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const jwk = { ...(publicKey.export({ format: 'jwk' }) as JsonObject), kid: 'k1' }
const trust = { device: '0199', epoch: 2, signingKeys: [jwk] }
const now = Date.parse(at)
const delivery = {
  id: 'o7-1',
  kind: 'operation',
  name: 'device.wipe',
  payload: { mode: 'full' },
  attempt: 1,
  deadline: at,
} as const
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const body = {
  device: trust.device,
  epoch: trust.epoch,
  operation: delivery.name,
  nonce: delivery.id,
  paramsHash: createHash('sha256').update(canonical(delivery.payload)).digest('base64url'),
  nbf: now / 1000 - 10,
  exp: now / 1000 + 600,
}
function jws(head: unknown, payload: unknown): string {
  const signed = `${part(head)}.${part(payload)}`
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`
}
const head = { alg: 'EdDSA', typ: envelopeType, kid: 'k1' }
const whole = jws(head, body)

/** The one message that may wipe a device: every forgery must fail, however it is made. */
const envelope: Specimen = {
  name: 'signed-command',
  good: [whole],
  bad: [
    '',
    '..',
    `${part({ ...head, alg: 'none' })}.${part(body)}.`,
    jws({ ...head, alg: 'none' }, body),
    jws({ ...head, alg: 'HS256' }, body),
    jws({ ...head, crit: ['exp'] }, body),
    jws({ ...head, typ: 'JWT' }, body),
    jws({ ...head, kid: 'other' }, body),
    jws(head, { ...body, device: 'other' }),
    jws(head, { ...body, epoch: 1 }),
    jws(head, { ...body, operation: 'device.lock' }),
    jws(head, { ...body, nonce: 'o7-2' }),
    jws(head, { ...body, exp: now / 1000 - 600 }),
    jws(head, { ...body, nbf: now / 1000 + 600 }),
    `${whole}.`,
    `${whole}=`.replace(/\.[^.]*=$/, '.'),
  ],
  read: (bytes) => checkEnvelope({ ...delivery, envelope: text(bytes) }, trust, now),
  refused: (e) => e instanceof Refused,
  holds: (_until, bytes) => {
    // What was signed is what was taken: head and payload are the very bytes, whatever the signature's spelling.
    demand(text(bytes).startsWith(whole.slice(0, whole.lastIndexOf('.'))), 'a forged command was taken')
  },
}

const variables: Specimen = {
  name: 'variables',
  form: 'json',
  good: [
    '{"a":"{{user.name}} and {{ device.name }}","b":["{{user.name}}"],"c":{"d":1}}',
    '{"a":"{{unknown}}"}',
    '{"a":"{{{{user.name}}}}"}',
  ],
  bad: [],
  read: (bytes) => {
    // As it comes from the gateway: bounded in depth, and fit to be kept.
    const value = parsers.readJson(bytes)
    if (typeof value !== 'object' || value === null || Array.isArray(value) || JSON.stringify(value).length > 50_000)
      return undefined
    return {
      value,
      names: variablesOf(value as Json),
      filled: fillVariables(value as JsonObject, { 'user.name': '{{device.name}}', 'device.name': 'x' }),
    }
  },
  refused: problem,
  holds: (found) => {
    if (!found) return
    const { names, filled } = found as { names: string[]; filled: ReturnType<typeof fillVariables> }
    const missing = names.filter((n) => n !== 'user.name' && n !== 'device.name')
    demand(
      'missing' in filled ? filled.missing.join() === missing.join() : missing.length === 0,
      'names and gaps differ',
    )
  },
}
const canonicalJson: Specimen = {
  name: 'canonical-json',
  form: 'json',
  good: ['{"b":1,"a":[{"d":1,"c":"\\u00e9"}],"":-0}', '"x"', '[]'],
  bad: [],
  read: (bytes) => {
    const value = parsers.readJson(bytes)
    return value === undefined ? undefined : { once: canonical(value) }
  },
  refused: problem,
  holds: (found) => {
    if (!found) return
    const { once } = found as { once: string }
    // V8 (Node 24.21) now and then reads a key of one escaped letter, `"\\"":`, as a backslash: what it misread it cannot judge.
    if (/"\\(?:["\\/bfnrt]|u[0-9a-f]{4})":/.test(once)) return
    demand(canonical(JSON.parse(once) as Json) === once, 'its own words are not canonical')
  },
}

export const channel: readonly Specimen[] = [
  sync,
  enrolment,
  small,
  registration,
  answer,
  envelope,
  variables,
  canonicalJson,
]
