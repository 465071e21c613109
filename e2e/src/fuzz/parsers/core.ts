/** What the core reads of callers: queries, cursors, ids, certificate requests, audit exports, backups. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { JsonObject } from '@muster/contract'
import { loadParsers } from '@muster/core/testing'
import type { Specimen } from '../specimen.ts'
import { request as certificateRequest } from './certificate-request.ts'
import { demand, never, problem, text } from './refusals.ts'

const p = await loadParsers()

/** What is no JSON never comes as far as these readers. */
function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(text(bytes))
  } catch {
    throw new SyntaxError('no JSON')
  }
}
const refusedJson = (e: unknown) => problem(e) || (e instanceof SyntaxError && e.message === 'no JSON')

const query: Specimen = {
  name: 'device-query',
  form: 'json',
  good: [
    '{"field":"platform","op":"eq","value":"linux"}',
    '{"and":[{"field":"osVersion","op":"ge","value":"22.04"},{"or":[{"field":"encrypted","op":"ne","value":true},{"field":"hardware.memory","op":"lt","value":8e9}]}]}',
    '{"not":{"field":"network.ssid","op":"in","value":["a","b"]}}',
    '{"field":"owner","op":"exists","value":false}',
  ],
  bad: [
    '{}',
    '[]',
    '{"and":[]}',
    '{"field":"x\\u0000","op":"eq","value":1}',
    '{"field":"owner","op":"eq","value":"1; drop table device"}',
    '{"field":"platform","op":"like","value":"%"}',
    '{"and":[{"field":"a","op":"eq","value":1}],"or":[]}',
    `${'{"not":'.repeat(9)}{"field":"a","op":"eq","value":1}${'}'.repeat(9)}`,
    `{"and":[${Array.from({ length: 101 }, () => '{"field":"a","op":"eq","value":1}').join()}]}`,
  ],
  read: (bytes) => {
    const read = p.checkQuery(json(bytes))
    return { read, sql: p.querySql(read) }
  },
  refused: refusedJson,
  holds: (found) => {
    const { sql } = found as { sql: { text: string; values: unknown[] } }
    demand(
      /^[\x20-\x7e\n]*$/.test(sql.text) && !sql.text.includes(';'),
      `the text of a statement was written by the caller: ${sql.text}`,
    )
    demand(
      sql.values.every((v) => v !== undefined),
      'a value is missing',
    )
  },
}

const cursor: Specimen = {
  name: 'cursor',
  good: [p.cursorOf([7, 'a', '2026-05-01T10:00:00.000001Z', true]), p.cursorOf([null, null, null, null])],
  bad: [
    '',
    'nonsense',
    'W10',
    'WyJ4Il0',
    Buffer.from('[1e999,"a",null,true]').toString('base64url'),
    Buffer.from('[1,"\\u0000",null,true]').toString('base64url'),
    'A'.repeat(2049),
  ],
  read: (bytes) => p.readCursor(text(bytes), ['no', 'text', 'time', 'boolean']),
  refused: problem,
  holds: (values) =>
    demand(
      p.readCursor(p.cursorOf(values as never), ['no', 'text', 'time', 'boolean']).length === 4,
      'it does not come back',
    ),
}

const ids: Specimen = {
  name: 'wire-ids',
  good: [
    p.operationWireId(7, 1),
    p.settingId(7, 1),
    p.documentId(7, 1),
    '4711.3',
    '18446744073709551615.9223372036854775807',
  ],
  bad: [],
  read: (bytes) => {
    const id = text(bytes)
    const o = p.readOperationWireId(id)
    const s = p.parseSettingId(id)
    if (o) demand(p.operationWireId(o.channel, o.activity) === id, 'an id has two spellings')
    if (s)
      demand(
        (s.kind === 'setting' ? p.settingId(s.channel, s.delivery) : p.documentId(s.channel, s.set)) === id,
        'an id has two spellings',
      )
    demand(!(o && s), 'an id is of two kinds')
    try {
      p.parsePosition(id)
    } catch (e) {
      if (!problem(e)) throw e
    }
    return id
  },
  refused: never,
}

const facts: Specimen = {
  name: 'facts',
  form: 'json',
  good: ['{"os.name":"Debian","list":[1,{"a":[]}]}'],
  bad: [`{"a":${'['.repeat(120)}${']'.repeat(120)}}`, JSON.stringify({ [`${'x'.repeat(129)}`]: 1 }), '{"":1}'],
  read: (bytes) => {
    const value = json(bytes)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('no JSON')
    p.checkFacts(value as JsonObject)
    return value
  },
  refused: refusedJson,
  holds: (value) => demand(!p.tooDeep(value), 'too deep'),
}

const time: Specimen<Date | undefined> = {
  name: 'device-time',
  good: ['2026-05-01T10:00:00Z', '2026-05-01T10:00:00.123456+02:00'],
  bad: [],
  read: (bytes) => p.readTime(text(bytes)) as Date | undefined,
  refused: never,
}

const permission: Specimen = {
  name: 'permission-pattern',
  good: ['*', 'device:read', 'operation:*', 'operation:device.*'],
  bad: ['', '**', 'device', 'device:', ':read', 'Device:read', 'device:read ', 'device:read\n', 'a:*b'],
  read: (bytes) => {
    const read = p.permissionPattern.safeParse(text(bytes))
    if (!read.success) throw new RangeError('refused')
    return read.data
  },
  refused: (e) => e instanceof RangeError,
  holds: (value) => demand(!/[\s,]/.test(String(value)), 'a pattern of two words'),
}

/** A stored password that somebody wrote into the database must not cost more than one of ours, nor open the door. */
const passwordHash: Specimen<boolean> = {
  name: 'password-hash',
  good: ['', 'x', '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2E$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g'],
  bad: [],
  read: (bytes) => p.verifyPassword('correct horse battery', text(bytes)),
  refused: never,
  holds: (right) => demand(right === false, 'a made-up hash fits a password'),
}

const csr: Specimen = {
  name: 'certificate-request',
  good: certificateRequest.good,
  bad: certificateRequest.bad,
  read: (bytes) => p.readRequest(bytes),
  refused: problem,
}

const line = {
  seq: 1,
  no: 1,
  at: '2026-05-01T10:00:00.000000Z',
  actor: 'system',
  act: 'a.b',
  subject: null,
  detail: {},
  remote: null,
  chain: 'ab',
}
/** An export that somebody hands to the verifier: lines of JSON. */
const auditExport: Specimen<{ ok: boolean; entries?: number }> = {
  name: 'audit-export',
  form: 'json',
  good: [
    JSON.stringify([line]),
    JSON.stringify([{ head: { seq: 1, chain: 'ab', at: 'x', signature: 'AAAA' } }, line]),
    '[]',
  ],
  bad: [],
  read: async (bytes) => {
    const value = json(bytes)
    const lines = Array.isArray(value) ? value : [value]
    return p.verifyChain(
      (async function* () {
        for (const l of lines) yield l as never
      })(),
    )
  },
  refused: refusedJson,
  holds: (verified) => demand(!verified.ok || verified.entries === 0, 'a forged export was called whole'),
}

const folder = mkdtempSync(join(tmpdir(), 'muster-fuzz-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Frames as the corpus holds them: unzipped, so that changes reach what is inside. */
function frames(change: (w: ReturnType<typeof p.createFrameWriter>) => Buffer[]): Buffer {
  const w = p.createFrameWriter()
  return Buffer.concat([p.backupMark, ...change(w), w.seal()])
}
const header = {
  format: 1,
  version: '0.1.0',
  created: '2026-05-01T10:00:00Z',
  installation: '0199aaaa-0000-7000-8000-000000000000',
  masterId: null,
  migrations: [{ schema: 'muster', name: '0001', checksum: 'x' }],
  months: [{ table: 'history', from: '2026-05' }],
}
const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const backup: Specimen = {
  name: 'backup',
  good: [
    frames((w) => [w.frame('H', header), w.frame('S', [])]),
    frames((w) => [
      w.frame('H', header),
      w.frame('T', { schema: 'muster', table: 'device', columns: ['no'] }),
      w.frame('E', { rows: 0, sha256: empty }),
      w.frame('S', [{ schema: 'muster', name: 'device_no_seq', value: 1 }]),
    ]),
  ],
  bad: [
    '',
    'MUSTERBK',
    frames((w) => [w.frame('H', Buffer.from('{"format":'))]),
    frames((w) => [w.frame('H', Buffer.from('null')), w.frame('S', [])]),
    frames((w) => [w.frame('H', { ...header, format: 99 }), w.frame('S', [])]),
    frames((w) => [
      w.frame('H', { ...header, migrations: [{ schema: 'a"; drop', name: 'x', checksum: 'y' }] }),
      w.frame('S', []),
    ]),
    frames((w) => [
      w.frame('H', header),
      w.frame('T', { schema: 'muster', table: 'device', columns: ['no) from stdin; drop table device; --'] }),
    ]),
    frames((w) => [w.frame('H', header), w.frame('D', Buffer.from('1\n')), w.frame('S', [])]),
    Buffer.concat([p.backupMark, Buffer.from([0x44, 0xff, 0xff, 0xff, 0xff])]),
  ],
  read: async (bytes) => {
    const file = join(folder, 'backup')
    // One in two is broken as a zip as well.
    writeFileSync(file, bytes.length % 16 === 3 ? bytes : gzipSync(bytes, { level: 1 }))
    return p.checkBackup(file)
  },
  refused: (e) => e instanceof p.BackupProblem,
}

export const core: readonly Specimen[] = [
  query,
  cursor,
  ids,
  facts,
  time as Specimen,
  permission,
  passwordHash as Specimen,
  csr,
  auditExport as Specimen,
  backup,
]
