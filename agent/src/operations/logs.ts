/** logs.collect: the last lines of systemd's journal; without one the end of /var/log/syslog, which a mounted tree has as well. */
import fs from 'node:fs'
import { logsCollect } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import type { Tree } from '../tree.ts'
import { define } from './operation.ts'

const textLimit = 200_000
const files = { system: '/var/log/syslog', kernel: '/var/log/kern.log' } as const

export const logs = define(logsCollect, false, async ({ source, unit, sinceHours, lines }, s) => {
  if (s.tree.live) {
    const which = { system: [], kernel: ['-k'], agent: ['-u', 'muster-agent'], unit: ['-u', unit ?? ''] }[source]
    // The newest first, so that what is cut off is the oldest.
    const args = [
      '--no-pager',
      '-q',
      '-r',
      '-o',
      'short-iso',
      '-n',
      String(lines),
      '--since',
      `-${sinceHours}h`,
      ...which,
    ]
    const ran = await s.run('journalctl', args, { timeoutS: 60, keep: textLimit })
    if (!ran.missing && ran.exitCode === 0) return tail(ran.stdout.split('\n').reverse(), lines, ran.truncated)
    if (!ran.missing) throw new Refused('no-log', ran.stderr.trim().slice(0, 500) || 'journalctl failed')
  }
  const file = source === 'system' || source === 'kernel' ? files[source] : undefined
  const text = file === undefined ? undefined : endOf(s.tree, file)
  if (text === undefined) throw notApplicable('This device keeps no such log.')
  return tail(text.text.split('\n'), lines, text.cut)
})

function tail(all: readonly string[], count: number, cut: boolean) {
  const kept: string[] = []
  let size = 0
  const whole = all.filter((l) => l !== '')
  for (const line of whole.slice(-count).reverse()) {
    const one = line.slice(0, 4000).toWellFormed()
    size += one.length + 1
    if (size > textLimit) break
    kept.unshift(one)
  }
  return { text: kept.map((l) => `${l}\n`).join(''), lines: kept.length, truncated: cut || kept.length < whole.length }
}

/** Only the end is read: logs may be larger than memory. */
function endOf(tree: Tree, inside: string): { text: string; cut: boolean } | undefined {
  if (!tree.exists(inside)) return undefined
  const file = fs.openSync(
    tree.resolve(inside),
    fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK,
  )
  try {
    const s = fs.fstatSync(file)
    if (!s.isFile()) return undefined
    const from = Math.max(0, s.size - textLimit)
    const buffer = Buffer.alloc(Math.min(s.size, textLimit))
    const n = fs.readSync(file, buffer, 0, buffer.length, from)
    const text = buffer.subarray(0, n).toString('utf8').replaceAll('\0', '\u{fffd}')
    // The first line is torn when the beginning was not read.
    return { text: from > 0 ? text.slice(text.indexOf('\n') + 1) : text, cut: from > 0 }
  } finally {
    fs.closeSync(file)
  }
}
