/** Folders and key files: there, writable, and readable by nobody else. */
import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Finding, failed, ok, reason, warning } from './finding.ts'

const keyFiles = ['master.key', 'audit.pem', 'commands.pem']
const tightBytes = 1024 ** 3
const gib = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`

export function checkFolders(dataDir: string): Finding[] {
  const check = 'data folder'
  if (!existsSync(dataDir)) {
    const parent = nearest(dataDir)
    return [
      writable(parent)
        ? ok(check, `${dataDir} will be made`)
        : failed(
            check,
            `${dataDir} cannot be made: ${parent} is not writable.`,
            'Give it to the user that runs Muster, or set MUSTER_DATA.',
          ),
    ]
  }
  try {
    const { mode } = statSync(dataDir)
    const { bavail, bsize } = statfsSync(dataDir)
    const free = bavail * bsize
    return [
      writable(dataDir)
        ? ok(check, `${dataDir} is writable`)
        : failed(check, `${dataDir} is not writable.`, 'Give it to the user that runs Muster.'),
      ...(mode & 0o002 ? [failed(check, `${dataDir} can be written by everybody.`, `chmod 700 ${dataDir}`)] : []),
      free < tightBytes
        ? warning('disk', `${gib(free)} free.`, 'Make room before it is full.')
        : ok('disk', `${gib(free)} free`),
    ]
  } catch (e) {
    return [failed(check, reason(e), 'Check the path in MUSTER_DATA.')]
  }
}

export function checkKeys(keysDir: string): Finding[] {
  const check = 'key files'
  if (!existsSync(keysDir)) return [ok(check, 'none yet: they are made at the first start')]
  try {
    const names = readdirSync(keysDir)
    const missing = names.length === 0 ? [] : keyFiles.filter((k) => !names.includes(k))
    const folder = statSync(keysDir).mode & 0o077
    const open = names.filter((n) => (statSync(join(keysDir, n)).mode & 0o077) !== 0)
    const found = [
      ...missing.map((n) =>
        failed(check, `${n} is missing.`, 'Put it back from your backup; every node has the same ones.'),
      ),
      ...(folder === 0 ? [] : [warning(check, `${keysDir} can be entered by others.`, `chmod 700 ${keysDir}`)]),
      ...open.map((n) => failed(check, `${n} can be read by others.`, `chmod 600 ${join(keysDir, n)}`)),
    ]
    return found.length > 0
      ? found
      : [
          ok(
            check,
            names.length === 0
              ? 'none yet: they are made at the first start'
              : 'there, and readable by their owner alone',
          ),
        ]
  } catch (e) {
    return [failed(check, reason(e), 'Run this as the user that runs Muster.')]
  }
}

function nearest(path: string): string {
  const parent = dirname(path)
  return existsSync(parent) || parent === path ? parent : nearest(parent)
}
function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    // No: that is the answer.
    return false
  }
}
