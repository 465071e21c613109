/** Defender, BitLocker, LAPS and what goes wrong: the security operations of a PC. */
import { hash } from 'node:crypto'
import { type JsonObject, type Outcome, operation, type Reason } from '@muster/contract'
import { z } from 'zod'
import { isAbsent, isDone } from '../features/index.ts'
import type { Answer } from '../wire/index.ts'
import {
  commands,
  example,
  exec,
  failureOf,
  get,
  numberOf,
  type Operation,
  operationOf,
  textOf,
  vendor,
  wireOf,
} from './row.ts'

const none = z.object({}).strict()
const empty = z.object({})
const day = 86_400

const defenderScan = operation({
  id: 'windows.defender.scan',
  title: { en: 'Virus scan', de: 'Virenprüfung' },
  summary: {
    en: 'Microsoft Defender looks through the PC: quickly, wholly, or after a restart without Windows running.',
    de: 'Microsoft Defender durchsucht den PC: schnell, ganz, oder nach einem Neustart ohne laufendes Windows.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () =>
    z.object({ kind: z.enum(['quick', 'full', 'offline']).default('quick').describe('How thoroughly') }).strict(),
  result: empty,
  expiresS: 7 * day,
  examples: [{ params: { kind: 'quick' }, result: {} }],
})
const defenderUpdate = operation({
  id: 'windows.defender.update',
  title: { en: 'Update virus signatures', de: 'Virensignaturen aktualisieren' },
  summary: {
    en: 'Microsoft Defender fetches its newest signatures.',
    de: 'Microsoft Defender holt seine neuesten Signaturen.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: none,
  result: empty,
  expiresS: 7 * day,
  examples: [{ params: {}, result: {} }],
})
const defenderRollback = operation({
  id: 'windows.defender.rollback',
  title: { en: 'Roll Defender back', de: 'Defender zurücksetzen' },
  summary: {
    en: 'Microsoft Defender goes back to the engine or the platform that it had before.',
    de: 'Microsoft Defender kehrt zur vorigen Engine oder Plattform zurück.',
  },
  danger: 'confirm',
  repeatable: false,
  params: () => z.object({ what: z.enum(['engine', 'platform']).describe('What goes back') }).strict(),
  result: empty,
  expiresS: 7 * day,
  examples: [{ params: { what: 'engine' }, result: {} }],
})
const bitlockerRotate = operation({
  id: 'windows.bitlocker.rotate-keys',
  title: { en: 'Rotate BitLocker recovery passwords', de: 'BitLocker-Wiederherstellungskennwörter wechseln' },
  summary: {
    en: 'The PC makes new recovery passwords for its disks and puts them where its BitLocker policy says (Microsoft Entra ID or Active Directory): Windows tells them to no management server.',
    de: 'Der PC erzeugt neue Wiederherstellungskennwörter für seine Laufwerke und legt sie dort ab, wo seine BitLocker-Richtlinie es sagt (Microsoft Entra ID oder Active Directory): Windows nennt sie keinem Verwaltungsserver.',
  },
  danger: 'confirm',
  repeatable: false,
  params: none,
  result: () =>
    z.object({
      status: z.number().int().nullable().describe('What Windows says of it: 0 done, 1 under way, else a code'),
    }),
  expiresS: 7 * day,
  examples: [{ params: {}, result: { status: 1 } }],
})
const lapsReset = operation({
  id: 'windows.laps.reset-password',
  title: { en: 'Rotate local administrator password', de: 'Passwort des lokalen Administrators wechseln' },
  summary: {
    en: 'Windows LAPS gives the local administrator a new password and keeps it where its policy says (Microsoft Entra ID or Active Directory): Windows tells it to no management server.',
    de: 'Windows LAPS gibt dem lokalen Administrator ein neues Passwort und verwahrt es dort, wo seine Richtlinie es sagt (Microsoft Entra ID oder Active Directory): Windows nennt es keinem Verwaltungsserver.',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: none,
  result: () =>
    z.object({ status: z.number().int().nullable().describe('What Windows says of it: 0 done, else a code') }),
  expiresS: 7 * day,
  examples: [{ params: {}, result: { status: 0 } }],
})
const channel = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._/()-]{0,199}$/, 'is no event log')
const logsCollect = operation({
  id: 'windows.logs.collect',
  title: { en: 'Collect diagnostics', de: 'Diagnosedaten holen' },
  summary: {
    en: 'The PC packs event logs, registry keys and the output of diagnostic commands and uploads them to a storage address of yours (Azure Blob with a shared access signature). They may name people.',
    de: 'Der PC packt Ereignisprotokolle, Registrierungsschlüssel und Ausgaben von Diagnosebefehlen und lädt sie an Ihre Speicheradresse (Azure Blob mit Shared Access Signature). Sie können Personen nennen.',
  },
  danger: 'confirm',
  repeatable: false,
  params: () =>
    z
      .object({
        uploadUrl: z
          .url({ protocol: /^https$/ })
          .max(2_000)
          .regex(/^[^\]]*$/, 'holds a bracket')
          .describe('Where the PC uploads to: address with its signature'),
        eventLogs: z.array(channel).max(50).default(['Application', 'System']).describe('Event logs'),
        registryKeys: z
          .array(z.string().regex(/^(HKLM|HKCU)\\[^\p{Cc}<>&]{1,250}$/u, 'is no key below HKLM or HKCU'))
          .max(50)
          .default([])
          .describe('Registry keys'),
        commands: z
          .array(
            z.enum([
              'ipconfig',
              'netsh',
              'ping',
              'mdmdiagnosticstool',
              'dsregcmd',
              'powercfg',
              'wpr',
              'msinfo32',
              'certutil',
            ]),
          )
          .max(10)
          .default([])
          .describe('Diagnostic commands'),
      })
      .strict(),
  result: () => z.object({ results: z.string().max(20_000).describe('What Windows says of each part (XML)') }),
  expiresS: 2 * day,
  secret: ['uploadUrl'],
  examples: [
    {
      params: {
        uploadUrl: 'https://logs.example.org/box?sig=x',
        eventLogs: ['System'],
        registryKeys: [],
        commands: [],
      },
    },
  ],
})

const scanWork = (kind: 'quick' | 'full' | 'offline') =>
  kind === 'offline'
    ? commands(exec(`${vendor}/Defender/OfflineScan`))
    : commands(exec(`${vendor}/Defender/Scan`, kind === 'quick' ? '1' : '2'))
const updateWork = commands(exec(`${vendor}/Defender/UpdateSignature`))
const rollbackWork = (what: string) =>
  commands(exec(`${vendor}/Defender/Rollback${what === 'engine' ? 'Engine' : 'Platform'}`))

/** Windows knows each rotation by a name of ours; the same PC's is always the same, so that a repeat is one. */
const requestId = (device: string): string => {
  const h = hash('sha256', `rotation ${device}`, 'hex')
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20, 32)}`
}
const rotateWork = (device: string) =>
  commands(
    exec(`${vendor}/BitLocker/RotateRecoveryPasswords`, requestId(device)),
    get(`${vendor}/BitLocker/Status/RotateRecoveryPasswordsStatus`),
  )
const lapsWork = commands(
  exec(`${vendor}/LAPS/Actions/ResetPassword`),
  get(`${vendor}/LAPS/Actions/ResetPasswordStatus`),
)

const tools: Readonly<Record<string, string>> = {
  ipconfig: '%windir%\\system32\\ipconfig.exe /all',
  netsh: '%windir%\\system32\\netsh.exe wlan show profiles',
  ping: '%windir%\\system32\\ping.exe -n 5 localhost',
  mdmdiagnosticstool:
    '%windir%\\system32\\mdmdiagnosticstool.exe -area DeviceEnrollment;DeviceProvisioning -cab %ProgramData%\\diagnostics.cab',
  dsregcmd: '%windir%\\system32\\dsregcmd.exe /status',
  powercfg: '%windir%\\system32\\powercfg.exe /batteryreport /output %ProgramData%\\battery.html',
  wpr: '%windir%\\system32\\wpr.exe -status',
  msinfo32: '%windir%\\system32\\msinfo32.exe /report %ProgramData%\\msinfo.txt',
  certutil: '%windir%\\system32\\certutil.exe -store my',
}
const archive = `${vendor}/DiagnosticLog/DiagnosticArchive`
const xml = (t: string) => t.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

interface LogsParams {
  uploadUrl: string
  eventLogs: readonly string[]
  registryKeys: readonly string[]
  commands: readonly string[]
}
/** `Collection` of DiagnosticArchive; its id is the same for the same wish, so that asking twice is asking once. */
function collection(p: LogsParams): { id: string; definition: string } {
  const id = requestId(JSON.stringify([p.uploadUrl, p.eventLogs, p.registryKeys, p.commands]))
  const each = (tag: string, list: readonly string[]) => list.map((v) => `<${tag}>${xml(v)}</${tag}>`).join('')
  const definition = `<Collection><ID>${id}</ID><SasUrl>${xml(p.uploadUrl)}</SasUrl>${each('RegistryKey', p.registryKeys)}${each('Events', p.eventLogs)}${each(
    'Command',
    p.commands.map((c) => tools[c] ?? ''),
  )}<OutputFileFormat>Flattened</OutputFileFormat></Collection>`
  return { id, definition }
}
const collectWork = (p: LogsParams) =>
  commands(get(`${archive}/ArchiveResults`), exec(`${archive}/ArchiveDefinition`, collection(p).definition))
const resultsWork = commands(get(`${archive}/ArchiveResults`))
const logsExample = {
  uploadUrl: 'https://logs.example.org/box?sig=x&y',
  eventLogs: ['System'],
  registryKeys: [],
  commands: ['ipconfig'],
}

const said = (work: { commands: readonly { verb: string; uri: string }[] }, uri: string, data: string) => ({
  statuses: work.commands.map((c) => ({ verb: c.verb, uri: c.uri, code: 200 })),
  results: [{ uri, data }],
})
/** Of the channel that tables are translated for. */
const sample = rotateWork('01930000-0000-7000-8000-000000000007')

/** Results stay until the next collection is done: they are ours when they are others than before. */
function collected(a: Answer, kept: JsonObject | undefined): Outcome | undefined {
  const results = textOf(a, '/ArchiveResults') ?? ''
  const print = hash('sha256', results, 'hex').slice(0, 16)
  if (kept?.step !== 'results') {
    const began = a.statuses.find((s) => s.verb === 'Exec')
    if (!began || !isDone(began))
      return began ? { state: 'failed', reason: failureOf({ ...a, statuses: [began] }) ?? unknown } : undefined
    return { state: 'again', kept: { step: 'results', before: print } }
  }
  if (results !== '' && print !== kept.before)
    return { state: 'completed', result: { results: results.slice(0, 20_000) } }
  const first = a.statuses[0]
  if (!first || !(isDone(first) || isAbsent(first))) return undefined
  return { state: 'deferred', reason: { code: 'under-way', text: 'The PC is still collecting.' }, retryAfterS: 600 }
}
const unknown: Reason = { code: 'device-error', text: 'The device refused it.' }
const emptyPrint = hash('sha256', '', 'hex').slice(0, 16)

export const securityOperations: readonly Operation[] = [
  operationOf(defenderScan, {
    csp: 'Defender',
    work: (p) => scanWork(p.kind as 'quick' | 'full' | 'offline'),
    examples: [
      example({}, scanWork('quick')),
      example({ kind: 'full' }, scanWork('full')),
      example({ kind: 'offline' }, scanWork('offline')),
    ],
  }),
  operationOf(defenderUpdate, { csp: 'Defender', work: () => updateWork, examples: [example({}, updateWork)] }),
  operationOf(defenderRollback, {
    csp: 'Defender',
    build: 17134,
    work: (p) => rollbackWork(p.what),
    examples: [
      example({ what: 'engine' }, rollbackWork('engine')),
      example({ what: 'platform' }, rollbackWork('platform')),
    ],
  }),
  operationOf(bitlockerRotate, {
    csp: 'BitLocker',
    build: 18363,
    named: true,
    work: (_p, c) => rotateWork(c.device),
    lenient: [1],
    result: (a) => ({ status: numberOf(a, '/RotateRecoveryPasswordsStatus') ?? null }),
    examples: [
      {
        in: {},
        wire: wireOf(sample),
        replies: [
          {
            reply: said(sample, `${vendor}/BitLocker/Status/RotateRecoveryPasswordsStatus`, '1'),
            outcome: { state: 'completed', result: { status: 1 } },
          },
        ],
      },
    ],
  }),
  operationOf(lapsReset, {
    csp: 'LAPS',
    work: () => lapsWork,
    lenient: [1],
    result: (a) => ({ status: numberOf(a, '/ResetPasswordStatus') ?? null }),
    examples: [
      {
        in: {},
        wire: wireOf(lapsWork),
        replies: [
          {
            reply: said(lapsWork, `${vendor}/LAPS/Actions/ResetPasswordStatus`, '0'),
            outcome: { state: 'completed', result: { status: 0 } },
          },
        ],
      },
    ],
  }),
  operationOf(logsCollect, {
    csp: 'DiagnosticLog',
    build: 18362,
    rounds: true,
    work: (p, _c, kept) => (kept?.step === 'results' ? resultsWork : collectWork(p)),
    outcome: collected,
    examples: [
      {
        in: logsExample,
        wire: wireOf(collectWork(logsExample)),
        replies: [
          {
            reply: { statuses: [{ verb: 'Exec', uri: `${archive}/ArchiveDefinition`, code: 200 }], results: [] },
            outcome: { state: 'again', kept: { step: 'results', before: emptyPrint } },
          },
        ],
      },
      {
        in: logsExample,
        kept: { step: 'results', before: emptyPrint },
        wire: wireOf(resultsWork),
        replies: [
          {
            reply: said(resultsWork, `${archive}/ArchiveResults`, '<Collection HRESULT="0"/>'),
            outcome: { state: 'completed', result: { results: '<Collection HRESULT="0"/>' } },
          },
          {
            reply: said(resultsWork, `${archive}/ArchiveResults`, ''),
            outcome: {
              state: 'deferred',
              reason: { code: 'under-way', text: 'The PC is still collecting.' },
              retryAfterS: 600,
            },
          },
        ],
      },
    ],
  }),
]
