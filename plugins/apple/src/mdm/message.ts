/** A message of the MDM protocol, read and told apart: check-ins carry a MessageType, reports a Status. */
import { isDict, type PlistDict, PlistError, type PlistLimits, readFlatPlist, readPlist } from '@muster/kit/plist'
import { textOf } from '../wire/index.ts'

export const checkinTypes = [
  'Authenticate',
  'TokenUpdate',
  'CheckOut',
  'UserAuthenticate',
  'SetBootstrapToken',
  'GetBootstrapToken',
  'DeclarativeManagement',
  'GetToken',
] as const
export type CheckinType = (typeof checkinTypes)[number]
export const statuses = ['Idle', 'Acknowledged', 'Error', 'CommandFormatError', 'NotNow'] as const
export type Status = (typeof statuses)[number]

/** Whom it is about, in the sender's words. User enrolments name themselves by EnrollmentID instead of UDID. */
export interface Sender {
  udid?: string
  enrollmentId?: string
  user?: { id: string; shortName?: string; longName?: string }
}
export type MdmMessage =
  | { kind: 'checkin'; type: CheckinType; sender: Sender; body: PlistDict }
  | { kind: 'report'; status: Status; command?: string; sender: Sender; body: PlistDict }

/** The user of Shared iPad channels has this id and is told by its short name (Apple, TokenUpdate). */
const sharedIpad = 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'
const limits: PlistLimits = { bytes: 4 << 20, depth: 24, values: 100_000 }

export class MessageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MessageError'
  }
}

/** Throws MessageError, in words for a log. */
export function readMessage(bytes: Uint8Array): MdmMessage {
  const body = read(bytes)
  const sender = senderOf(body)
  const type = textOf(body, 'MessageType')
  if (type !== undefined) {
    if (!isOne(checkinTypes, type)) throw new MessageError('an unknown MessageType')
    return { kind: 'checkin', type, sender, body }
  }
  const status = textOf(body, 'Status')
  if (status === undefined || !isOne(statuses, status))
    throw new MessageError('neither a MessageType nor a known Status')
  const command = textOf(body, 'CommandUUID')
  if (status !== 'Idle' && (!command || command.length > 200))
    throw new MessageError('a report without its CommandUUID')
  return { kind: 'report', status, command, sender, body }
}

function read(bytes: Uint8Array): PlistDict {
  try {
    const value = readFlatPlist(bytes) ?? readPlist(bytes, limits)
    if (!isDict(value)) throw new MessageError('no dictionary')
    return value
  } catch (e) {
    throw e instanceof PlistError ? new MessageError(e.message) : e
  }
}

function senderOf(body: PlistDict): Sender {
  const udid = short(body, 'UDID')
  const enrollmentId = short(body, 'EnrollmentID')
  if (!udid && !enrollmentId) throw new MessageError('neither UDID nor EnrollmentID')
  const given = short(body, 'UserID') ?? short(body, 'EnrollmentUserID')
  const shortName = short(body, 'UserShortName')
  const id = given === sharedIpad ? shortName : given
  if (given !== undefined && !id) throw new MessageError('a user without a name')
  return { udid, enrollmentId, user: id ? { id, shortName, longName: short(body, 'UserLongName') } : undefined }
}

function short(body: PlistDict, key: string): string | undefined {
  const value = textOf(body, key)
  if (value !== undefined && (value.length > 128 || /\p{Cc}/u.test(value))) throw new MessageError(`an unlikely ${key}`)
  return value || undefined
}

function isOne<T extends string>(known: readonly T[], value: string): value is T {
  return (known as readonly string[]).includes(value)
}
