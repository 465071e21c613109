/** Lost mode: a device that cannot be used until it is found, and that tells where it is. */
import {
  deviceLocate,
  deviceLostModeDisable,
  deviceLostModeEnable,
  deviceRing,
  type JsonObject,
} from '@muster/contract'
import { type Command, command, numberIn, plainReplies, textIn } from './row.ts'
import { unless } from './systems.ts'

const lost = unless('apple.lostMode', false, 'not-lost', 'Only in lost mode: turn it on first.')

export const lostModeCommands: readonly Command[] = [
  command(deviceLostModeEnable, {
    type: 'EnableLostMode',
    on: 'i9.3!x',
    fields: (p): JsonObject => ({
      Message: p.message,
      ...(p.phoneNumber && { PhoneNumber: p.phoneNumber }),
      ...(p.footnote && { Footnote: p.footnote }),
    }),
    examples: [
      {
        in: { message: 'Lost. Please call us.', phoneNumber: '+49 30 123456' },
        wire: { RequestType: 'EnableLostMode', Message: 'Lost. Please call us.', PhoneNumber: '+49 30 123456' },
        replies: plainReplies(),
      },
    ],
  }),
  command(deviceLostModeDisable, {
    type: 'DisableLostMode',
    on: 'i9.3!x',
    examples: [{ in: {}, wire: { RequestType: 'DisableLostMode' }, replies: plainReplies() }],
  }),
  command(deviceRing, {
    type: 'PlayLostModeSound',
    on: 'i10.3!x',
    and: [lost],
    looks: ['apple.lostMode'],
    result: () => ({ by: 'lost mode' }),
    examples: [{ in: {}, wire: { RequestType: 'PlayLostModeSound' }, replies: plainReplies({ by: 'lost mode' }) }],
  }),
  command(deviceLocate, {
    type: 'DeviceLocation',
    on: 'i9.3!x',
    and: [lost],
    looks: ['apple.lostMode'],
    refused: (r) => (position(r) ? undefined : 'The device does not know where it is.'),
    result: (r) => position(r) ?? {},
    examples: [
      {
        in: {},
        wire: { RequestType: 'DeviceLocation' },
        replies: [
          {
            reply: {
              Status: 'Acknowledged',
              Latitude: 52.52,
              Longitude: 13.405,
              HorizontalAccuracy: 65,
              Timestamp: '2026-01-02T18:01:00Z',
            },
            outcome: {
              state: 'completed',
              result: {
                latitude: 52.52,
                longitude: 13.405,
                accuracyM: 65,
                source: 'lost mode',
                at: '2026-01-02T18:01:00Z',
              },
            },
          },
          {
            reply: { Status: 'Acknowledged', Latitude: 400, Longitude: 13 },
            outcome: {
              state: 'failed',
              reason: { code: 'device-refused', text: 'The device does not know where it is.' },
            },
          },
        ],
      },
    ],
  }),
]

function position(r: JsonObject): JsonObject | undefined {
  const [latitude, longitude, accuracy] = ['Latitude', 'Longitude', 'HorizontalAccuracy'].map((k) => numberIn(r, k))
  if (latitude === undefined || longitude === undefined || Math.abs(latitude) > 90 || Math.abs(longitude) > 180)
    return undefined
  return {
    latitude,
    longitude,
    accuracyM: accuracy !== undefined && accuracy >= 0 ? accuracy : null,
    source: 'lost mode',
    at: textIn(r, 'Timestamp', 40) ?? '',
  }
}
