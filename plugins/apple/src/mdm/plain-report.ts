/** What a device's own channel says most: that it is idle, or that it did the one command that it was given. Read in one look, once for who asks twice. */
import type { Bytes } from '@muster/contract'
import { readFlatPlist } from '@muster/kit/plist'
import type { Sender } from './message.ts'

export interface PlainReport extends Sender {
  /** Of the command that it did; undefined: it is idle. */
  command?: string
}

/** A user's channel says more, and goes the long way; so does an answer that brings anything. */
const words: ReadonlySet<string> = new Set(['Status', 'UDID', 'EnrollmentID', 'CommandUUID'])
const longest = { name: 128, command: 200 } as const

/** undefined: it is not surely that. */
export function createPlainReports(): (body: Bytes) => PlainReport | undefined {
  let last: { body: Bytes; report: PlainReport | undefined } | undefined
  return (body) => {
    // The very bytes of one request, which nobody changes.
    if (last?.body !== body) last = { body, report: read(body) }
    return last.report
  }
}

function read(body: Bytes): PlainReport | undefined {
  const said = readFlatPlist(body)
  if (!said) return undefined
  for (const word in said) if (!words.has(word)) return undefined
  const { Status: status, CommandUUID: given } = said
  if (status !== 'Idle' && status !== 'Acknowledged') return undefined
  const command = textOf(given, longest.command)
  // An idle device has no command; who did one says which.
  if (status === 'Idle' ? given !== undefined : command === undefined) return undefined
  const [udid, enrollmentId] = [textOf(said.UDID, longest.name), textOf(said.EnrollmentID, longest.name)]
  return udid === undefined && enrollmentId === undefined ? undefined : { command, udid, enrollmentId }
}

function textOf(value: unknown, most: number): string | undefined {
  return typeof value === 'string' && value.length <= most && value !== '' ? value : undefined
}
