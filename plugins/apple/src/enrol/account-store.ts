/** Sign-ins on the way to an account-driven enrolment, as they are kept: hashes of what the device shows, and the invitation that stands behind it. */
import { createHash, randomBytes } from 'node:crypto'
import type { PlatformHost } from '@muster/contract'

/** user: the person's own device, work kept apart; device: the organisation's. */
export const accountModes = ['user', 'device'] as const
export type AccountMode = (typeof accountModes)[number]

export const accountMigration = {
  name: '0006_account_enrolment',
  sql: `create table account_sign_in (
    token bytea primary key, challenge bytea not null unique, mode text not null, account text not null, person text not null, code bytea not null, licence text,
    expires timestamptz not null, certificate bytea);
  create index account_sign_in_expires on account_sign_in (expires);
  create table account_choice (one boolean primary key default true check (one), modes jsonb not null);`,
}

export interface SignIn {
  readonly mode: AccountMode
  /** The Managed Apple Account. */
  readonly account: string
  /** Shown name of who signed in. */
  readonly person: string
  /** Version of the licence that was accepted. */
  readonly licence?: string
}
export interface Admission extends SignIn {
  /** Of the invitation. */
  readonly code: string
  /** One-time password of the SCEP request. */
  readonly challenge: string
}

export interface SignIns {
  /** Remembers who signed in; the access token is kept nowhere but on the device. */
  add(s: SignIn & { code: string }): Promise<string>
  /** What the token lets in; undefined: it never was, or its hour is over. */
  find(token: string): Promise<Admission | undefined>
  /** The invitation behind a challenge. */
  codeOf(challenge: string): Promise<string | undefined>
  certified(challenge: string, certificate: Uint8Array): Promise<void>
  /** Whose sign-in this certificate came from, if the token is the same sign-in's. */
  behind(token: string, certificate: Uint8Array): Promise<SignIn | undefined>
}

/** Seconds from the sign-in to the device's first word. */
const signInS = 3600
/** A device that begins again with the certificate it has shows its token again. */
const keptS = 2 * 365 * 86_400
/** Tells its challenges from invitation codes, so that none of those costs a look here. */
const mark = 'account-'

interface Row {
  mode: AccountMode
  account: string
  person: string
  licence: string | null
  code: Uint8Array
}

export function createSignIns(host: PlatformHost): SignIns {
  /** From the token, so that each profile of one sign-in is the same. */
  const challengeOf = (token: string) => `${mark}${sha256(`challenge ${token}`).toString('base64url')}`
  const place = (challenge: string) => `account-sign-in|${sha256(challenge).toString('hex')}`
  const shown = ({ mode, account, person, licence }: Row): SignIn => ({
    mode,
    account,
    person,
    licence: licence ?? undefined,
  })

  return {
    async add({ mode, account, person, licence, code }) {
      const token = randomBytes(32).toString('base64url')
      const challenge = challengeOf(token)
      const sealed = host.vault.seal(place(challenge), code)
      await host.sql`delete from account_sign_in where expires < now() and (certificate is null or expires < now() - make_interval(secs => ${keptS}))`
      await host.sql`
        insert into account_sign_in (token, challenge, mode, account, person, code, licence, expires)
        values (${sha256(token)}, ${sha256(challenge)}, ${mode}, ${account}, ${person}, ${sealed}, ${licence ?? null}, now() + make_interval(secs => ${signInS}))`
      return token
    },
    async find(token) {
      const [row] =
        await host.sql<Row>`select mode, account, person, licence, code from account_sign_in where token = ${sha256(token)} and expires > now()`
      if (!row) return undefined
      const challenge = challengeOf(token)
      return { ...shown(row), challenge, code: host.vault.open(place(challenge), row.code) }
    },
    async codeOf(challenge) {
      if (!challenge.startsWith(mark)) return undefined
      const [row] =
        await host.sql<Row>`select code from account_sign_in where challenge = ${sha256(challenge)} and expires > now()`
      return row && host.vault.open(place(challenge), row.code)
    },
    async certified(challenge, certificate) {
      await host.sql`update account_sign_in set certificate = ${sha256(certificate)} where challenge = ${sha256(challenge)}`
    },
    async behind(token, certificate) {
      const [row] =
        await host.sql<Row>`select mode, account, person, licence, code from account_sign_in where token = ${sha256(token)} and certificate = ${sha256(certificate)}`
      return row && shown(row)
    },
  }
}

const sha256 = (of: string | Uint8Array): Buffer => createHash('sha256').update(of).digest()
