/** Names that sort by the time they were given: UUID version 7 (RFC 9562 section 5.7). */
import { randomBytes } from 'node:crypto'

/** 48 bits of Unix milliseconds, then 74 random bits. */
export function uuidv7(at: number = Date.now()): string {
  const b = randomBytes(16)
  b.writeUIntBE(at, 0, 6)
  b[6] = 0x70 | (b[6]! & 0x0f)
  b[8] = 0x80 | (b[8]! & 0x3f)
  const hex = b.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Whether a text is a UUID in its usual lower-case form, so that it can be compared with a uuid column. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}

/** A row number out of an id of the API (`"42"`); undefined when it cannot be one. */
export function rowNo(id: string): number | undefined {
  if (!/^[1-9]\d{0,15}$/.test(id)) return undefined
  const no = Number(id)
  return Number.isSafeInteger(no) ? no : undefined
}
