/** The key that signs the head of the chain: Ed25519, in a file outside the database. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Db } from '../db/index.ts'
import { makeKeyFile, readKeyFile, SecretProblem } from '../secrets/index.ts'
import { lastHead } from './store.ts'

function newKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/**
 * Reads the signing key, or makes it at the first start (mode 600). With `db`, a missing file beside existing signed heads is
 * an error (`key-file-missing`), never a silent new key. Throws SecretProblem.
 */
export async function openAuditKey(file: string, db?: Db): Promise<KeyObject> {
  if (!existsSync(file)) {
    if (db && (await lastHead(db))) throw new SecretProblem('key-file-missing', file)
    makeKeyFile(file, newKey())
  }
  let key: KeyObject
  try {
    key = createPrivateKey(readKeyFile(file))
  } catch (e) {
    if (e instanceof SecretProblem) throw e
    throw new SecretProblem('key-file-malformed', file)
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new SecretProblem('key-file-malformed', `${file}: not an Ed25519 key`)
  return key
}
