/** Locking, finding, restarting, renaming and letting go. */
import {
  deviceDisenrol,
  deviceLocate,
  deviceLock,
  deviceReboot,
  deviceRename,
  deviceRing,
  deviceWipeCorporate,
  operation,
} from '@muster/contract'
import { z } from 'zod'
import { providerId } from '../enrol/index.ts'
import { CannotWrite } from '../session/index.ts'
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
  replace,
  textOf,
  vendor,
  wireOf,
} from './row.ts'

const unenroll = commands(exec(`${vendor}/DMClient/Provider/${providerId}/Unenroll`, providerId))

const rebootSchedule = operation({
  id: 'windows.reboot.schedule',
  title: { en: 'Schedule a restart', de: 'Neustart planen' },
  summary: {
    en: 'Restarts the PC once at a time of its own clock, or each day at that time.',
    de: 'Startet den PC einmal zu einer Zeit nach seiner eigenen Uhr neu, oder täglich zu dieser Zeit.',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({
        at: z
          .string()
          .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})?$/, 'is no time (ISO 8601)')
          .describe('When (ISO 8601); without a zone, by the clock of the PC'),
        daily: z.boolean().default(false).describe('Each day at that time from then on'),
      })
      .strict(),
  result: () => z.object({}),
  expiresS: 7 * 86_400,
  examples: [{ params: { at: '2026-01-02T03:00:00', daily: false }, result: {} }],
})
const lockReset = operation({
  id: 'windows.lock.reset',
  title: { en: 'Lock and reset PIN', de: 'Sperren und PIN zurücksetzen' },
  summary: {
    en: 'Locks the device and gives it a new PIN, which is kept encrypted. Devices with a device PIN alone can do it.',
    de: 'Sperrt das Gerät und gibt ihm eine neue PIN, die verschlüsselt aufbewahrt wird. Das können nur Geräte mit einer Geräte-PIN.',
  },
  danger: 'confirm',
  repeatable: false,
  params: () => z.object({}).strict(),
  result: () => z.object({ kept: z.boolean().describe('The new PIN is kept') }),
  expiresS: 86_400,
  examples: [{ params: {}, result: { kept: true } }],
})

const lockWork = commands(exec(`${vendor}/RemoteLock/Lock`))
const ringWork = commands(exec(`${vendor}/RemoteRing/Ring`))
const rebootWork = commands(exec(`${vendor}/Reboot/RebootNow`))
const lockResetWork = commands(exec(`${vendor}/RemoteLock/LockAndResetPIN`), get(`${vendor}/RemoteLock/NewPINValue`))
export const newPin = '/RemoteLock/NewPINValue'

const place = (name: string) => `${vendor}/RemoteFind/Location/${name}`
const localTime = './DevDetail/Ext/Microsoft/LocalTime'
const locateWork = {
  commands: [
    replace(`${vendor}/RemoteFind/DesiredAccuracy`, '50', 'int'),
    replace(`${vendor}/RemoteFind/Timeout`, '30', 'int'),
    get(place('Latitude')),
    get(place('Longitude')),
    get(place('Accuracy')),
    get(localTime),
  ],
}
function position(answer: Answer) {
  const latitude = numberOf(answer, '/Location/Latitude')
  const longitude = numberOf(answer, '/Location/Longitude')
  const accuracy = numberOf(answer, '/Location/Accuracy')
  if (latitude === undefined || longitude === undefined || Math.abs(latitude) > 90 || Math.abs(longitude) > 180)
    return undefined
  return {
    latitude,
    longitude,
    accuracyM: accuracy !== undefined && accuracy >= 0 ? accuracy : null,
    source: 'Windows',
    at: (textOf(answer, '/Microsoft/LocalTime') ?? '').slice(0, 64),
  }
}
const renameWork = (name: string) => commands(replace('./DevDetail/Ext/Microsoft/DNSComputerName', name))

export const powerOperations: readonly Operation[] = [
  operationOf(deviceLock, {
    csp: 'RemoteLock',
    work: () => lockWork,
    result: () => ({ sessions: 1 }),
    examples: [example({}, lockWork, { sessions: 1 })],
  }),
  operationOf(deviceRing, {
    csp: 'RemoteRing',
    work: () => ringWork,
    result: () => ({ by: 'device' }),
    examples: [example({ seconds: 20 }, ringWork, { by: 'device' })],
  }),
  operationOf(deviceReboot, {
    csp: 'Reboot',
    // Windows gives who is signed in five minutes; it takes neither a delay nor words.
    work: () => rebootWork,
    result: () => ({ at: null }),
    examples: [example({ delayMinutes: 0 }, rebootWork, { at: null })],
  }),
  operationOf(rebootSchedule, {
    csp: 'Reboot',
    work: (p) => commands(replace(`${vendor}/Reboot/Schedule/${p.daily ? 'DailyRecurrent' : 'Single'}`, p.at)),
    examples: [
      example(
        { at: '2026-01-02T03:00:00' },
        commands(replace(`${vendor}/Reboot/Schedule/Single`, '2026-01-02T03:00:00')),
      ),
      example(
        { at: '2026-01-02T03:00:00', daily: true },
        commands(replace(`${vendor}/Reboot/Schedule/DailyRecurrent`, '2026-01-02T03:00:00')),
      ),
    ],
  }),
  operationOf(lockReset, {
    csp: 'RemoteLock',
    work: () => lockResetWork,
    result: (a) => ({ kept: textOf(a, newPin) === 'kept' }),
    examples: [
      {
        in: {},
        wire: wireOf(lockResetWork),
        replies: [
          {
            reply: {
              statuses: lockResetWork.commands.map(({ verb, uri }) => ({ verb, uri, code: 200 })),
              results: [{ uri: `${vendor}/RemoteLock/NewPINValue`, data: 'kept' }],
            },
            outcome: { state: 'completed', result: { kept: true } },
          },
        ],
      },
    ],
  }),
  operationOf(deviceLocate, {
    csp: 'RemoteFind',
    rounds: true,
    // Some builds want the position read as one (RemoteFind, Location); OMA DM itself does not, so that is the second try.
    work: (_p, _c, kept) =>
      kept?.whole === true ? { commands: locateWork.commands.slice(2, 5), atomic: true } : locateWork,
    outcome: (answer, kept) => {
      const found = position(answer)
      if (found) return { state: 'completed', result: found }
      const failed = failureOf(answer, [0, 1, 4, 5])
      if (failed?.code === 'device-error' && kept?.whole !== true) return { state: 'again', kept: { whole: true } }
      return {
        state: 'failed',
        reason: failed ?? { code: 'no-position', text: 'The PC does not know where it is: location may be off.' },
      }
    },
    examples: [
      {
        in: {},
        wire: wireOf(locateWork),
        replies: [
          {
            reply: {
              statuses: locateWork.commands.map(({ verb, uri }) => ({ verb, uri, code: 200 })),
              results: [
                { uri: place('Latitude'), data: '52.52' },
                { uri: place('Longitude'), data: '13.405' },
                { uri: place('Accuracy'), data: '25' },
                { uri: localTime, data: '2026-01-02T18:01:00.0000000Z' },
              ],
            },
            outcome: {
              state: 'completed',
              result: {
                latitude: 52.52,
                longitude: 13.405,
                accuracyM: 25,
                source: 'Windows',
                at: '2026-01-02T18:01:00.0000000Z',
              },
            },
          },
        ],
      },
      { in: {}, kept: { whole: true }, wire: wireOf({ commands: locateWork.commands.slice(2, 5), atomic: true }) },
    ],
  }),
  operationOf(deviceRename, {
    build: 17763,
    work: (p) => {
      // NetBIOS: fifteen letters, digits and dashes, not digits alone.
      if (!/^(?!\d+$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,13}[A-Za-z0-9])?$/.test(p.name))
        throw new CannotWrite('A PC’s name has up to 15 letters, digits and dashes, and not digits alone.')
      return renameWork(p.name)
    },
    examples: [example({ name: 'FRONT-DESK' }, renameWork('FRONT-DESK'))],
  }),
  operationOf(deviceDisenrol, { blind: true, work: () => unenroll, examples: [example({}, unenroll)] }),
  operationOf(deviceWipeCorporate, {
    blind: true,
    work: () => unenroll,
    // Policies, profiles, certificates and apps that came by management go with the account (Windows, disconnecting from management).
    result: () => ({ removed: [providerId] }),
    examples: [example({}, unenroll, { removed: [providerId] })],
  }),
]
