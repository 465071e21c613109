/** Key files: made once and whole, readable by their owner alone, replaced at one stroke. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { SecretProblem } from './problem.ts'

function writeWhole(file: string, text: string) {
  rmSync(file, { force: true })
  const fd = openSync(file, 'wx', 0o600)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** A name is durable only when its folder is. */
function syncFolder(file: string) {
  const fd = openSync(dirname(file), 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes the file unless another process made it meanwhile; never overwrites. Throws `key-file-unwritable`. */
export function makeKeyFile(file: string, text: string): void {
  const whole = `${file}.${process.pid}.new`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeWhole(whole, text)
    linkSync(whole, file)
    syncFolder(file)
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw new SecretProblem('key-file-unwritable', file, e)
  } finally {
    rmSync(whole, { force: true })
  }
}

/** Throws `key-file-exposed` when anyone but the owner may read or write it. */
export function readKeyFile(file: string): string {
  const { mode } = statSync(file)
  if ((mode & 0o077) !== 0)
    throw new SecretProblem('key-file-exposed', `${file} has mode ${(mode & 0o777).toString(8)}`)
  return readFileSync(file, 'utf8')
}

/** Puts the text beside the file, for `promoteKeyFile` to make it the file at one stroke. */
export function prepareKeyFile(file: string, text: string): void {
  try {
    writeWhole(file, text)
    syncFolder(file)
  } catch (e) {
    throw new SecretProblem('key-file-unwritable', file, e)
  }
}

/** A node that hears of the new key while another still makes it known may have done it already: then it is done. */
export function promoteKeyFile(prepared: string, file: string): void {
  try {
    renameSync(prepared, file)
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(file)) throw e
  }
  syncFolder(file)
}
