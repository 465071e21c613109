/** Devices on their way in, out of the box: the invitation that stands behind each, kept until its certificate is known. */
import { createHash, randomBytes } from 'node:crypto'
import type { PlatformHost } from '@muster/contract'

export interface Admission {
  /** One-time password of the SCEP request. */
  readonly challenge: string
  /** Of the invitation. */
  readonly code: string
  readonly licence?: string
}
export interface Admissions {
  /** The one that this device (and person) has and has not used, while its invitation stands, or the one that `make` makes; each profile of one admission is the same. */
  of(
    who: { serial: string; person?: string },
    how: { stands(code: string): Promise<boolean>; make(): Promise<{ code: string; licence?: string }> },
  ): Promise<Admission>
  /** The invitation behind a challenge. */
  codeOf(challenge: string): Promise<string | undefined>
  certified(challenge: string, certificate: Uint8Array): Promise<void>
  /** Serial number of the device that this certificate was issued for. */
  behind(certificate: Uint8Array): Promise<string | undefined>
  /** It has come in with it. */
  came(serial: string): Promise<void>
  /** A page's name for a device that has proved what it is, for an hour. */
  look(serial: string): Promise<string>
  lookedAt(token: string): Promise<string | undefined>
}

/** Seconds from the profile to the device's first word. */
export const admissionS = 3600
/** A device that begins again with the certificate it has shows it again. */
const keptS = 2 * 365 * 86_400
/** Tells its challenges from invitation codes, so that none of those costs a look here. */
const mark = 'automated-'

interface Row {
  code: Uint8Array
  licence: string | null
  challenge: Uint8Array
}

export function createAdmissions({ sql, vault }: Pick<PlatformHost, 'sql' | 'vault'>): Admissions {
  const challengeOf = (code: string) => `${mark}${sha256(`automated ${code}`).toString('base64url')}`
  const place = (hash: Uint8Array) => `automated-admission|${Buffer.from(hash).toString('hex')}`
  return {
    async of({ serial, person }, { stands, make }) {
      const [row] = await sql<Row>`
        select code, licence, challenge from automated_admission where serial = ${serial} and person is not distinct from ${person ?? null} and certificate is null
          and expires > now() + interval '10 minutes' order by expires desc limit 1`
      if (row) {
        const code = vault.open(place(row.challenge), row.code)
        const licence = row.licence === null ? {} : { licence: row.licence }
        if (await stands(code)) return { code, challenge: challengeOf(code), ...licence }
      }
      const { code, licence } = await make()
      const challenge = challengeOf(code)
      const hash = sha256(challenge)
      await sql`delete from automated_admission where expires < now() and (certificate is null or expires < now() - make_interval(secs => ${keptS}))`
      await sql`
        insert into automated_admission (challenge, serial, person, code, licence, expires)
        values (${hash}, ${serial}, ${person ?? null}, ${vault.seal(place(hash), code)}, ${licence ?? null}, now() + make_interval(secs => ${admissionS}))`
      return { code, challenge, ...(licence !== undefined && { licence }) }
    },
    async codeOf(challenge) {
      if (!challenge.startsWith(mark)) return undefined
      const hash = sha256(challenge)
      const [row] =
        await sql<Row>`select code, licence, challenge from automated_admission where challenge = ${hash} and expires > now()`
      return row && vault.open(place(hash), row.code)
    },
    async certified(challenge, certificate) {
      await sql`update automated_admission set certificate = ${sha256(certificate)} where challenge = ${sha256(challenge)}`
    },
    async behind(certificate) {
      const [row] = await sql<{
        serial: string
      }>`select serial from automated_admission where certificate = ${sha256(certificate)}`
      return row?.serial
    },
    async came(serial) {
      await sql`update automated_device set came = now() where serial = ${serial}`
    },
    async look(serial) {
      const token = randomBytes(24).toString('base64url')
      await sql`delete from automated_look where expires < now()`
      await sql`insert into automated_look (token, serial, expires) values (${sha256(token)}, ${serial}, now() + make_interval(secs => ${admissionS}))`
      return token
    },
    async lookedAt(token) {
      const [row] = await sql<{
        serial: string
      }>`select serial from automated_look where token = ${sha256(token)} and expires > now()`
      return row?.serial
    },
  }
}

const sha256 = (of: string | Uint8Array): Buffer => createHash('sha256').update(of).digest()
