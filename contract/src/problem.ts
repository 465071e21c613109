/** The one list of errors: stable code, HTTP status, and words that say what to do (RFC 9457 problem details). */
import type { JsonObject } from './json.ts'

const problems = {
  // input
  'malformed-json': [400, 'The body is not valid JSON in UTF-8. Send one JSON value, without NUL characters.'],
  'invalid-request': [400, 'The request does not have the shape this route asks for. See `errors` for each field.'],
  'invalid-cursor': [400, 'The cursor is not one this list gave. Start again without it.'],
  'invalid-path': [
    400,
    'The path holds a sequence that is refused (encoded slash, dot segment, double slash or semicolon).',
  ],
  'body-too-large': [413, 'The body is larger than this route accepts.'],
  'body-too-deep': [400, 'The body is nested deeper than this route accepts.'],
  'unsupported-media-type': [415, 'This route takes application/json.'],
  // identity
  unauthenticated: [401, 'Send a valid access token (Authorization: Bearer) or sign in.'],
  'token-expired': [401, 'The access token has expired. Get a new one from /oauth2/token.'],
  'token-revoked': [401, 'The access token has been revoked.'],
  'wrong-credentials': [401, 'User name or password is wrong.'],
  'csrf-refused': [403, 'This request came from another site or lacks the X-Muster-CSRF header.'],
  forbidden: [403, 'Your roles do not hold the permission this needs (see `permission`).'],
  'not-a-device': [403, 'This route is for enrolled devices. Use a device token.'],
  'foreign-device': [403, 'These credentials belong to another device.'],
  'device-gone': [410, 'This device is no longer enrolled. Its credentials are dead; enrol it again.'],
  'device-blocked': [403, 'This device is blocked by an administrator.'],
  'invalid-client-metadata': [
    400,
    'The client metadata is not what a device may register. See `errors` for each field.',
  ],
  'malformed-request': [400, 'The request is not well-formed HTTP, or its head is too large.'],
  throttled: [429, 'Too many requests. Wait for the seconds in Retry-After.'],
  // finding
  'not-found': [404, 'There is nothing here, or your permissions do not reach it.'],
  'method-not-allowed': [405, 'This path does not take that method.'],
  // state
  conflict: [409, 'It was changed by somebody else meanwhile. Read it again and repeat your change.'],
  'revision-mismatch': [
    412,
    'Another administrator saved a newer revision. Nothing was overwritten: read it, merge, save again.',
  ],
  'already-exists': [409, 'Something with this name exists already.'],
  'in-use': [409, 'It is still in use and cannot be removed.'],
  'idempotency-mismatch': [422, 'This Idempotency-Key was used before with a different request.'],
  'last-administrator': [409, 'This is the last active administrator. Make another one first.'],
  'wrong-state': [409, 'Its present state does not allow this (see `state`).'],
  // invitations and enrolment
  'invitation-unknown': [401, 'The enrolment code is wrong. Check it, or ask for a new invitation.'],
  'invitation-used': [409, 'The enrolment code was used already. Ask for a new invitation.'],
  'invitation-expired': [410, 'The enrolment code has expired. Ask for a new invitation.'],
  'invitation-revoked': [410, 'The invitation was withdrawn. Ask for a new one.'],
  'invitation-platform': [422, 'The enrolment code is for another platform.'],
  'device-owned': [
    409,
    'This device is enrolled for another person. An administrator must disenrol it or change its owner first.',
  ],
  'licence-not-accepted': [422, 'Accept the licence version shown before going on.'],
  'agent-too-old': [
    426,
    'This agent is older than the server supports. Install the version offered on the enrolment page.',
  ],
  // operations
  'unknown-platform': [422, 'No platform with this id is installed.'],
  'unknown-operation': [422, 'No operation with this id is known. See /api/v1/catalog.'],
  'unknown-feature': [422, 'No policy feature with this id is known. See /api/v1/catalog.'],
  'invalid-params': [422, 'The parameters do not fit the operation. See `errors` for each field.'],
  'invalid-settings': [422, 'The settings do not fit the policy feature. See `errors` for each field.'],
  'unsupported-feature': [422, 'The platform cannot do this policy feature (see `reason`).'],
  'empty-target': [422, 'The target reaches no device. Nothing was queued.'],
  'targets-changed': [
    409,
    'The target reaches another number of devices by now. Nothing was queued: look at it again, then send.',
  ],
  'invalid-target': [422, 'The target names something that does not exist.'],
  'invalid-query': [422, 'The device query is not valid (see `reason`).'],
  'setup-refused': [422, 'This step of the set-up was refused (see `reason`).'],
  'wipe-byod': [422, 'A personally owned device is never wiped whole. Use the corporate wipe.'],
  'approval-needed': [
    409,
    'Removing more devices needs a second administrator. Send the operation device.disenrol to them instead: it waits for approval.',
  ],
  'second-publisher-needed': [
    409,
    'By these settings devices may erase themselves, and there are more of them than one person may wipe alone. Another administrator, who did not write this policy, publishes it.',
  ],
  'own-approval': [
    403,
    'Nobody approves what they asked for themselves. Another administrator, signed in as a person, decides.',
  ],
  'approver-unsettled': [
    403,
    'This account was changed by somebody else too short a time ago to approve (see `hours`). Another administrator decides.',
  ],
  // installation
  'recovery-mode': [
    409,
    'This installation was restored from a backup and is in recovery mode: nothing destructive is sent until an administrator ends it (`muster recovery end`).',
  ],
  'webhook-address': [422, 'Webhooks are not sent to this address (see `reason`).'],
  'too-many': [409, 'There are as many of these as there may be (see `limit`). Remove one first.'],
  // service
  'events-gone': [410, 'Events that old are no longer kept. Start again from a full read.'],
  'secret-unreadable': [500, 'A stored secret cannot be decrypted: the key file does not match this database.'],
  overloaded: [503, 'The server is busy. Wait for the seconds in Retry-After.'],
  starting: [503, 'The server is starting. Wait for the seconds in Retry-After.'],
  'database-away': [
    503,
    'The database does not answer. What was asked for may have been done all the same: try again shortly, an operation with the same Idempotency-Key.',
  ],
  'internal-error': [
    500,
    'Something went wrong on our side. The request id helps the administrator find it in the log.',
  ],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemCode = keyof typeof problems
export interface FieldError {
  path: string
  message: string
}

/** An error meant for the caller. `extra` joins the problem+json body: keep it small and free of secrets. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly extra: JsonObject
  constructor(code: ProblemCode, extra: JsonObject = {}) {
    super(problems[code][1])
    this.name = 'Problem'
    this.code = code
    this.status = problems[code][0]
    this.extra = extra
  }
}

export function isProblem(e: unknown): e is Problem {
  return e instanceof Problem
}

/** All codes with status and text, for the reference page and the API description. */
export function problemList(): { code: ProblemCode; status: number; text: string }[] {
  return Object.entries(problems).map(([code, [status, text]]) => ({ code: code as ProblemCode, status, text }))
}
