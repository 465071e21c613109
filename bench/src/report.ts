/** How a benchmark tells what it found: a table for people, and one JSON object as the last line. */
import { machineName } from './machine.ts'
import type { Measured, Spread } from './measure.ts'

export interface Result {
  name: string
  value: number
  unit: string
  yardstick: number
  /** Subject over yardstick, in the direction that the benchmark's promise names. */
  ratio: number
  seed: number
  /** What shows that the work was done: counts, states, statements. */
  [count: string]: number | string | boolean
}

export function round(n: number, digits = 3): number {
  return Number(n.toPrecision(digits))
}

export function sayTable(measured: Iterable<Measured>, per = 'request'): void {
  const show = (s: Spread, unit = '') => `${format(s.median)}${unit} (${format(s.min)}-${format(s.max)})`
  say(`${machineName()}; median (min-max)`)
  say(
    [`${per}s/s`, 'p50 ms', 'p99 ms', 'server', 'database', 'generator', 'elsewhere'].reduce(
      (line, c, i) => line + c.padEnd(i === 0 ? 26 : 22),
      ''.padEnd(10),
    ),
  )
  for (const m of measured) {
    const cpu = [m.serverCpu, m.databaseCpu, m.generatorCpu].map((s) => show(s).padEnd(22)).join('')
    say(
      `${m.name.padEnd(10)}${show(m.perSecond).padEnd(26)}${show(m.p50).padEnd(22)}${show(m.p99).padEnd(22)}${cpu}${Math.round(m.elsewhere.median * 100)} %`,
    )
  }
  say(
    `server, database, generator: CPU-seconds per 1,000 ${per}s; elsewhere: share of the machine's CPU that others took`,
  )
}

function format(n: number): string {
  return Number.isNaN(n) ? '-' : n >= 1000 ? Math.round(n).toLocaleString('en-US') : String(round(n))
}

/** To the error stream, so that standard output holds the result alone when it is piped. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
