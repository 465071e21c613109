/** Which master key a file holds, told without the key: to see whether it fits a database before it is used. */
import { existsSync } from 'node:fs'
import { readKeyFile } from './key-file.ts'
import { SecretProblem } from './problem.ts'
import { keyBytes, masterId } from './sealing.ts'

/** Undefined without the file. Throws SecretProblem. */
export function masterIdOf(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  const key = Buffer.from(readKeyFile(file).trim(), 'base64')
  if (key.length !== keyBytes) throw new SecretProblem('key-file-malformed', file)
  return masterId(key)
}
