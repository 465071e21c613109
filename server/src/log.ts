/** The server's log: one JSON object a line, or lines for people on a terminal. */
import type { Log } from '@muster/core'
import { pino } from 'pino'

/** `base`: what each line says beside its own. */
export function createLog(
  level = 'info',
  out: NodeJS.WriteStream = process.stdout,
  base: Readonly<Record<string, unknown>> | null = null,
): Log {
  const options = {
    level,
    base,
    redact: {
      paths: ['password', '*.password', 'secret', '*.secret', 'authorization', '*.authorization'],
      censor: '[hidden]',
    },
  }
  return out.isTTY ? pino(options, { write: (line: string) => void out.write(forPeople(line)) }) : pino(options, out)
}

const names: Record<number, string> = {
  10: 'trace',
  20: 'debug',
  30: '',
  40: 'warning: ',
  50: 'error: ',
  60: 'fatal: ',
}

function forPeople(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as {
    level: number
    time: number
    msg?: string
    err?: { message?: string; stack?: string }
    [key: string]: unknown
  }
  const at = new Date(time).toTimeString().slice(0, 8)
  const more = Object.entries(rest).map(([k, v]) => ` ${k}=${typeof v === 'string' ? v : JSON.stringify(v)}`)
  const trace = err ? `\n  ${err.stack ?? err.message ?? ''}` : ''
  return `${at} ${names[level] ?? ''}${msg ?? ''}${more.join('')}${trace}\n`
}
