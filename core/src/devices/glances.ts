/**
 * The few facts of a device that rows look at, as this node last read them, so that handing over what waits reads nothing of devices that are
 * known. As fresh as all that follows the bus: a report is forgotten when it is heard of, and nothing is believed while the bus is silent.
 */
import type { JsonObject } from '@muster/contract'
import type { Sqlish } from '../db/index.ts'
import type { KnownChannel, KnownDetail } from './channels.ts'

export type Glanced = Readonly<JsonObject>
type Details = ReadonlyMap<number, KnownDetail>

export interface Glances {
  /** undefined: not surely known. The same object for all devices that report the same. */
  of(c: Pick<KnownChannel, 'device'>): Glanced | undefined
  /** Reads what is not known of these devices, in one statement. */
  read(db: Sqlish, channels: readonly Pick<KnownChannel, 'device' | 'deviceNo'>[]): Promise<void>
  /** Remembers what of it rows look at, but for devices that were heard of while `work` read. */
  during<D extends Details>(work: () => Promise<D>): Promise<D>
  forget(devices: readonly string[]): void
  forgetAll(): void
}

/** Devices in each of two generations (when the younger is full, the older goes), and different answers that are kept to be shared. */
const limits = { devices: 50_000, shared: 5_000, staleMs: 5_000 } as const
const facts = `
  select d.id, coalesce((select jsonb_object_agg(k, d.facts -> k) from unnest($2::text[]) as k where d.facts ? k), '{}') as facts
  from device d where d.no = any($1::bigint[])`

/** `names`: of facts that any row looks at. */
export function createGlances(o: { names: readonly string[]; busSilentMs(): number }): Glances {
  let young = new Map<string, Glanced>()
  let old = new Map<string, Glanced>()
  let shared = new Map<string, Glanced>()
  /** Readings under way, and who was heard of since the first of them began. */
  let under = 0
  let heard = new Set<string>()
  let all = 0

  function put(device: string, found: JsonObject): void {
    const key = JSON.stringify(found)
    let one = shared.get(key)
    if (one === undefined) {
      if (shared.size >= limits.shared) shared = new Map()
      one = Object.freeze(found)
      shared.set(key, one)
    }
    if (young.size >= limits.devices) {
      old = young
      young = new Map()
    }
    young.set(device, one)
  }
  /** Answers how what was read since then is put. */
  async function reading<T>(work: (keep: (device: string, found: JsonObject) => void) => Promise<T>): Promise<T> {
    const before = all
    under += 1
    try {
      return await work((device, found) => {
        if (all === before && !heard.has(device)) put(device, found)
      })
    } finally {
      under -= 1
      if (under === 0) heard = new Set()
    }
  }
  const known = (device: string) => young.get(device) ?? old.get(device)
  return {
    of: (c) => (o.busSilentMs() <= limits.staleMs ? known(c.device) : undefined),
    read: async (db, channels) => {
      const missing = new Map(channels.flatMap((c) => (known(c.device) ? [] : [[c.deviceNo, c.device]])))
      if (missing.size === 0) return
      await reading(async (keep) => {
        const rows = await db.query<{ id: string; facts: JsonObject }>({
          name: 'glances',
          text: facts,
          values: [[...missing.keys()], o.names],
        })
        // In the order of the names, as all others.
        for (const r of rows) keep(r.id, picked(r.facts, o.names))
      })
    },
    during: (work) =>
      o.names.length === 0
        ? work()
        : reading(async (keep) => {
            const details = await work()
            for (const d of details.values()) keep(d.device, picked(d.facts, o.names))
            return details
          }),
    forget: (devices) => {
      for (const device of devices) {
        young.delete(device)
        old.delete(device)
        if (under > 0) heard.add(device)
      }
    },
    forgetAll: () => {
      all += 1
      young = new Map()
      old = new Map()
    },
  }
}

function picked(all: Readonly<JsonObject>, names: readonly string[]): JsonObject {
  const found: JsonObject = {}
  for (const name of names) if (all[name] !== undefined) found[name] = all[name]
  return found
}
