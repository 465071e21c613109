/** Marks in a command that only this server can fill in: a certificate of its own, a password as macOS keeps it. */
import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { Json, JsonObject, PlatformHost } from '@muster/contract'
import { writeXmlPlist } from '@muster/kit/plist'
import { data } from '../wire/index.ts'

const derive = promisify(pbkdf2)
/** As macOS derives it (Apple, passwordHash): SHA-512, 128 bytes, 32 bytes of salt. */
const hash = { iterations: 40_000, length: 128, salt: 32 } as const

/** `{ $own: purpose }` becomes our certificate, `{ $passwordHash: password }` the salted hash in a property list; everything else stays. */
export async function fillMarks(host: PlatformHost, wire: JsonObject): Promise<JsonObject> {
  const entries = await Promise.all(Object.entries(wire).map(async ([k, v]) => [k, await filled(host, v)] as const))
  return Object.fromEntries(entries)
}

/** Whether there is anything to fill in. */
export function hasMarks(wire: JsonObject): boolean {
  return Object.values(wire).some(
    (v) =>
      typeof v === 'object' &&
      v !== null &&
      !Array.isArray(v) &&
      (typeof v.$own === 'string' || typeof v.$passwordHash === 'string'),
  )
}

async function filled(host: PlatformHost, value: Json): Promise<Json> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (typeof value.$own === 'string') {
    const [certificate] = (await host.certificates.own(value.$own)).chain
    if (!certificate) throw new Error('no certificate of our own')
    return data(certificate)
  }
  return typeof value.$passwordHash === 'string' ? data(await passwordHash(value.$passwordHash)) : value
}

async function passwordHash(password: string): Promise<Uint8Array> {
  const salt = randomBytes(hash.salt)
  const entropy = await derive(password, salt, hash.iterations, hash.length, 'sha512')
  return Buffer.from(writeXmlPlist({ 'SALTED-SHA512-PBKDF2': { entropy, iterations: hash.iterations, salt } }))
}
