/** What a run costs the machine, read from /proc: CPU-seconds of processes, memory, and what others took meanwhile. */
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Clock ticks of /proc a second: 100 on every Linux that Node runs on. */
const ticks = 100

interface Stat {
  parent: number
  /** User and system time with that of children already waited for, in seconds. */
  cpuS: number
}

/** undefined when the process is gone. */
function readStat(pid: number): Stat | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
  // The name in parentheses may hold anything, so fields are counted after it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const of = (n: number) => Number(fields[n])
  return { parent: of(1), cpuS: (of(11) + of(12) + of(13) + of(14)) / ticks }
}

export function parentOf(pid: number): number {
  const stat = readStat(pid)
  if (!stat) throw new Error(`there is no process ${pid}`)
  return stat.parent
}

/** CPU-seconds of a process and of its children, living and gone. */
export function cpuOf(pid: number): number {
  const children = readdirSync('/proc').flatMap((name) => {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined
    return stat?.parent === pid ? [stat.cpuS] : []
  })
  return children.reduce((sum, s) => sum + s, readStat(pid)?.cpuS ?? 0)
}

/** CPU-seconds that the whole machine was busy since it started. */
export function machineBusyS(): number {
  const [, user, nice, system, , , irq, soft, steal] = (readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? '')
    .split(/ +/)
    .map(Number)
  return ((user ?? 0) + (nice ?? 0) + (system ?? 0) + (irq ?? 0) + (soft ?? 0) + (steal ?? 0)) / ticks
}

/** Resident memory in bytes. */
export function rssOf(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}

export function machineName(): string {
  const list = cpus()
  const memory = Number(/^MemTotal:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) / 1024 / 1024
  return `${list.length} x ${list[0]?.model.trim() ?? 'unknown'}, ${Math.round(memory)} GB, Node ${process.version}`
}

/** Files, and so connections, that one process may have open. */
export function openAtMost(): number {
  return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024)
}
