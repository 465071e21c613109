/** What a device in lost mode tells by itself (BatchUsageLogEvents): where it is, calls to its owner, attempts to end it. Total: a notification may hold anything. */
import type { ChannelDetail, DeviceEventDescriptor, FactDescriptor, Json, JsonObject, Turn } from '@muster/contract'
import { objectOf, objectsOf } from '../documents/index.ts'

/** Where it last said that it is, and when; `heard`: when it last said anything, so that nothing is told twice. */
export const placeFact = 'android.lostPlace'
const told = {
  located: 'android.lost-located',
  called: 'android.lost-called',
  ended: 'android.lost-end-tried',
} as const

export const usageFacts: readonly FactDescriptor[] = [
  { id: placeFact, title: { en: 'Where it was, in lost mode', de: 'Wo es war, im Verloren-Modus' }, type: 'object' },
]
export const usageEvents: readonly DeviceEventDescriptor[] = [
  { id: told.located, title: 'The lost device told where it is', severity: 'info' },
  { id: told.called, title: 'A call was made from the lost device', severity: 'info' },
  { id: told.ended, title: 'Somebody tried to end lost mode on the device', severity: 'warning' },
]

/** Events of one message at most: Google sends batches. */
const most = 200

/** What is new in them: a batch comes again, and one from before may come after. Undefined: nothing. */
export function usageTurn(batch: JsonObject, c: Pick<ChannelDetail, 'facts'>): Turn | undefined {
  const before = objectOf(c.facts[placeFact]) ?? {}
  const known = timeOf(before.heard) ?? 0
  const fresh = objectsOf(batch.usageLogEvents)
    .slice(0, most)
    .flatMap((e) => {
      const at = timeOf(e.eventTime)
      const said = at === undefined || at <= known ? undefined : readEvent(e)
      return at === undefined || !said ? [] : [{ at, ...said }]
    })
    .sort((a, b) => a.at - b.at)
  if (fresh.length === 0) return undefined
  const iso = (time: number) => new Date(time).toISOString()
  const last = fresh.findLast((e) => e.place)
  const place = last?.place ? { ...last.place, at: iso(last.at) } : before
  return {
    events: fresh.map(({ type, at, place: data }) => ({ type, at: iso(at), data: data ?? {} })),
    facts: { [placeFact]: { ...place, heard: iso(fresh.at(-1)?.at ?? 0) } },
    partial: true,
    take: 0,
  }
}

function readEvent(e: JsonObject): { type: string; place?: JsonObject } | undefined {
  switch (e.eventType) {
    case 'LOST_MODE_LOCATION': {
      const place = placeOf(objectOf(e.lostModeLocationEvent))
      return place && { type: told.located, place }
    }
    case 'LOST_MODE_OUTGOING_PHONE_CALL':
      return { type: told.called }
    case 'STOP_LOST_MODE_USER_ATTEMPT':
      return { type: told.ended }
  }
}
function placeOf(said: JsonObject | undefined): JsonObject | undefined {
  const location = objectOf(said?.location)
  const [latitude, longitude] = [within(location?.latitude, 90), within(location?.longitude, 180)]
  if (latitude === undefined || longitude === undefined) return undefined
  const battery = said?.batteryLevel
  return { latitude, longitude, ...(typeof battery === 'number' && battery >= 0 && battery <= 100 && { battery }) }
}
/** As proto3 writes it: zero is left out. */
function within(value: Json | undefined, most: number): number | undefined {
  const n = value ?? 0
  return typeof n === 'number' && Math.abs(n) <= most ? n : undefined
}
function timeOf(value: Json | undefined): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
