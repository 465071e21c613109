/** One agent at a time works on a state folder. A lock left by a crash is known by its process being gone or another one. */
import fs from 'node:fs'
import path from 'node:path'
import { diskFull, isCode } from './tree.ts'

class LockHeld extends Error {
  readonly pid: number
  constructor(pid: number, at: string) {
    super(`Another agent (process ${pid}) works with ${at}. Stop it first.`)
    this.name = 'LockHeld'
    this.pid = pid
  }
}

/** Throws LockHeld; the answer gives the lock back. */
export function takeLock(folder: string): () => void {
  const at = path.join(folder, 'agent.lock')
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  const mine = `${process.pid} ${startOf(process.pid) ?? ''}\n`
  for (;;) {
    try {
      fs.writeFileSync(at, mine, { flag: 'wx', mode: 0o600 })
      return () => {
        if (read(at) === mine) fs.rmSync(at, { force: true })
      }
    } catch (error) {
      if (diskFull(error)) {
        // A full disk must not keep the device from being managed; what was made of the file says nothing.
        if (read(at) === '') fs.rmSync(at, { force: true })
        return () => undefined
      }
      if (!isCode(error, 'EEXIST')) throw error
      const pid = holder(folder)
      if (pid !== undefined) throw new LockHeld(pid, folder)
      fs.rmSync(at, { force: true })
    }
  }
}

/** The process that works with the folder now. */
export function holder(folder: string): number | undefined {
  const [pidText, start] = (read(path.join(folder, 'agent.lock')) ?? '').trim().split(' ')
  const pid = Number(pidText)
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  // Process numbers are given again: the time of its start tells one from another.
  const alive = startOf(pid)
  return alive !== undefined && (start === undefined || start === '' || alive === start) ? pid : undefined
}

/** Field 22 of /proc/<pid>/stat (proc(5)); the name in field 2 may hold blanks. */
function startOf(pid: number): string | undefined {
  return read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')[19]
}

function read(at: string): string | undefined {
  try {
    return fs.readFileSync(at, 'utf8')
  } catch {
    return undefined
  }
}
