/** Key files inside a backup: only when asked for, and sealed with a passphrase (scrypt, AES-256-GCM). */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { makeKeyFile, readKeyFile } from '../secrets/index.ts'
import { type Header, readJson } from './frames.ts'
import { BackupProblem } from './problem.ts'

/** About 128 MB and a third of a second for each guess. */
const cost = { N: 2 ** 17, r: 8, p: 1 }
const shortest = 12
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/)
const sealedSchema = z.object({
  N: z.literal(cost.N),
  r: z.literal(cost.r),
  p: z.literal(cost.p),
  salt: base64,
  nonce: base64,
  tag: base64,
  data: base64,
})
const filesSchema = z.record(z.string().regex(/^[a-z][a-z0-9.-]{0,63}$/), z.string())

function derive(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, 32, { ...cost, maxmem: 256 * 1024 * 1024 }, (e, key) =>
      e ? reject(e) : resolve(key),
    )
  })
}
/** The keys belong to this backup: they open nowhere else. */
const place = (h: Header) => Buffer.from(`muster backup keys ${h.installation} ${h.created}`)

/** Problems: passphrase-short, keys-missing. */
export async function sealKeys(keysDir: string, passphrase: string, header: Header): Promise<object> {
  if (passphrase.length < shortest) throw new BackupProblem('passphrase-short')
  const names = existsSync(keysDir) ? readdirSync(keysDir).filter((n) => /^[a-z][a-z0-9-]*\.(key|pem)$/.test(n)) : []
  if (!names.includes('master.key')) throw new BackupProblem('keys-missing', keysDir)
  const files = Object.fromEntries(names.map((n) => [n, readKeyFile(join(keysDir, n))]))
  const [salt, nonce] = [randomBytes(16), randomBytes(12)]
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt), nonce)
  cipher.setAAD(place(header))
  const data = Buffer.concat([cipher.update(JSON.stringify(files)), cipher.final()])
  const text = (b: Buffer) => b.toString('base64')
  return { ...cost, salt: text(salt), nonce: text(nonce), tag: text(cipher.getAuthTag()), data: text(data) }
}

/** Problem passphrase-wrong. */
export async function openKeys(sealed: Buffer, passphrase: string, header: Header): Promise<Record<string, string>> {
  const s = readJson(sealedSchema, sealed)
  const bytes = (text: string) => Buffer.from(text, 'base64')
  const key = await derive(passphrase, bytes(s.salt))
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(s.nonce), { authTagLength: 16 })
    decipher.setAAD(place(header))
    decipher.setAuthTag(bytes(s.tag))
    return readJson(filesSchema, Buffer.concat([decipher.update(bytes(s.data)), decipher.final()]))
  } catch (e) {
    throw new BackupProblem('passphrase-wrong', undefined, e)
  }
}

/** Problem keys-differ when a file that is there already is another one. */
export function checkPlaces(keysDir: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(keysDir, name)
    if (existsSync(file) && readFileSync(file, 'utf8') !== text) throw new BackupProblem('keys-differ', file)
  }
}

/** Files that are there already are the same, by `checkPlaces`. */
export function writeKeys(keysDir: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) makeKeyFile(join(keysDir, name), text)
}
