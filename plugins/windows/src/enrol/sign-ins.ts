/** What the sign-in page gives to Windows and the request for a certificate gives back: good once, for minutes, and bound to who signed in. Kept as hashes. */
import { createHash, randomBytes } from 'node:crypto'
import type { PlatformHost } from '@muster/contract'

export const signInMigration = {
  name: '0002_sign_in',
  sql: `create table sign_in (token bytea primary key, person text, code bytea, licence text, expires timestamptz not null, check ((person is null) <> (code is null)));
  create index sign_in_expires on sign_in (expires);
  create table tried_code (code bytea primary key, certificate bytea not null, tried timestamptz not null default now());`,
}

/** Id of the person, or the code of an invitation. */
export type SignIn = ({ readonly person: string } | { readonly code: string }) & { readonly licence?: string }
export interface SignIns {
  /** The token; it is kept nowhere but with Windows. */
  add(s: SignIn): Promise<string>
  /** By one caller, once. undefined: it never was, is over, or is spent. */
  spend(token: string): Promise<SignIn | undefined>
  /** An invitation's code whose certificate was issued, and whose enrolment then failed. */
  failed(code: string, certificate: Uint8Array): Promise<void>
  /** Fingerprint (SHA-256) of that certificate. */
  triedWith(code: string): Promise<Uint8Array | undefined>
}

/** Seconds from the page to the request: Windows makes a key between them. */
const goodS = 600

export function createSignIns(host: PlatformHost): SignIns {
  const place = (token: string) => `sign-in|${sha256(token).toString('hex')}`
  return {
    async add(s) {
      const token = randomBytes(32).toString('base64url')
      const [person, code] = 'person' in s ? [s.person, null] : [null, host.vault.seal(place(token), s.code)]
      await host.sql`
        with old as (delete from sign_in where expires < now())
        insert into sign_in (token, person, code, licence, expires)
        values (${sha256(token)}, ${person}, ${code}, ${s.licence ?? null}, now() + make_interval(secs => ${goodS}))`
      return token
    },
    async spend(token) {
      if (!/^[\w-]{43}$/.test(token)) return undefined
      const [row] = await host.sql<{ person: string | null; code: Uint8Array | null; licence: string | null }>`
        delete from sign_in where token = ${sha256(token)} and expires > now() returning person, code, licence`
      if (!row) return undefined
      const licence = row.licence ?? undefined
      if (row.person !== null) return { person: row.person, licence }
      return row.code ? { code: host.vault.open(place(token), row.code), licence } : undefined
    },
    async failed(code, certificate) {
      await host.sql`
        with old as (delete from tried_code where tried < now() - interval '60 days')
        insert into tried_code (code, certificate) values (${sha256(plain(code))}, ${sha256(certificate)})
        on conflict (code) do update set certificate = excluded.certificate, tried = now()`
    },
    async triedWith(code) {
      const [row] = await host.sql<{
        certificate: Uint8Array
      }>`select certificate from tried_code where code = ${sha256(plain(code))}`
      return row?.certificate
    },
  }
}

const plain = (code: string) => code.replace(/[\s-]/g, '').toUpperCase()
const sha256 = (of: string | Uint8Array): Buffer => createHash('sha256').update(of).digest()
