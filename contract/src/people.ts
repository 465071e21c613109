/** People on the way to enrolment: who they are, how they sign in, and the devices of their own that they let in. */
import type { Ownership } from './descriptors.ts'

/** Somebody who may sign in here. */
export interface Person {
  readonly id: string
  readonly name: string
  /** Never empty. */
  readonly displayName: string
  readonly email?: string
}
export type NotSignedIn =
  | { readonly refused: 'wrong-credentials' }
  | { readonly refused: 'throttled'; readonly retryAfterS: number }

export interface Conditions {
  readonly organisation: string
  readonly licence?: { readonly version: string; readonly language: string; readonly text: string }
}

export interface People {
  /** By name and password, where a protocol carries them: counted with all other tries, audited; opens no session. `remote`: `Message.remote`. */
  signIn(name: string, password: string, remote: string): Promise<Person | NotSignedIn>
  /** undefined: gone, or may not sign in any more. */
  find(id: string): Promise<Person | undefined>
  /** By name, or by an address that is one user's alone: where a token of an issuer that an administrator trusts has proven who it is. undefined: nobody, or may not sign in. */
  named(name: string): Promise<Person | undefined>
  /** What somebody accepts who enrols a device of the platform. */
  terms(language?: string): Promise<Conditions>
  /** Whether `invite` would let this person, so that a page can say so before anything is asked. */
  mayEnrol(by: Pick<Person, 'id'>): Promise<boolean>
  /**
   * An invitation's code for a device of this person's own, begun by the person: allowed by `device:enrol`, audited in their name; the
   * licence is accepted as for every other. `expiresInS`: an hour unless told. Problems: forbidden, unknown-platform, invalid-request.
   */
  invite(by: Pick<Person, 'id'>, ownership: Ownership, expiresInS?: number): Promise<string>
  /**
   * An invitation's code for a device of the organisation that nobody owns, which its maker has assigned to this server: an administrator has set the
   * platform up for it; audited as the platform's. `expiresInS`: an hour unless told. Problems: unknown-platform, invalid-request.
   */
  admit(ownership: Exclude<Ownership, 'byod'>, expiresInS?: number): Promise<string>
}

/** What lets somebody enrol devices of their own. */
export const enrolPermission = 'device:enrol'

/** Our own sign-in, below the server's address. */
export const signInPath = '/sign-in'
/**
 * Where a page sends a browser whose person is not known (`Message.person`): it comes back to `to`, a path below the server's address with
 * its query. `name`: what stands in the field for the user's name. `again`: asked also when somebody is signed in.
 */
export function signInAddress(server: string, to: string, o: { name?: string; again?: true } = {}): string {
  return `${server}${signInPath}?${new URLSearchParams({ to, ...(o.name && { name: o.name }), ...(o.again && { again: '1' }) })}`
}
