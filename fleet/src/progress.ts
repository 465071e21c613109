/** A line of progress every few seconds; the record is written out as often. */
import type { Agenda } from './agenda.ts'
import type { Meter } from './meter.ts'
import type { FleetRecord } from './record.ts'

const everyS = 5

export interface ProgressDeps {
  readonly agenda: Agenda
  readonly metered: Meter
  readonly record: FleetRecord
  readonly devices: number
  /** How many are enrolled. */
  living(): number
  tell?(line: string): void
}

export function tellProgress(o: ProgressDeps): { stop(): void } {
  let stopped = false
  let before = 0
  const next = () => o.agenda.at(o.agenda.now() + everyS * 1000, tick)
  function tick(): void {
    if (stopped) return
    o.record.flush()
    o.tell?.(line())
    next()
  }
  function line(): string {
    const { counts } = o.record
    const exchanges = o.metered.exchanges()
    const perS = Math.round((exchanges - before) / everyS)
    before = exchanges
    const errors = Object.values(o.metered.errors).reduce((sum, n) => sum + n, 0)
    const lived = `received ${counts.received ?? 0} · executed ${counts.executed ?? 0} · acknowledged ${counts['acknowledged-by-server'] ?? 0}`
    return `${o.living()}/${o.devices} devices · ${perS} requests/s · ${lived} · errors ${errors}`
  }
  next()
  return {
    stop() {
      stopped = true
    },
  }
}
