/** Keyset pages: what a list answers, and the opaque cursor that says where its last page ended. */
import { Problem } from '@muster/contract'
import sql, { type Sql } from 'sql-template-tag'

export interface Page<T> {
  items: T[]
  next?: string
}
export type CursorValue = string | number | boolean | null
/** What a cursor's place may hold, so that a forged cursor is a 400 and never an error of the database. */
export type CursorKind = 'no' | 'text' | 'time' | 'id' | 'boolean'

const longest = 2048
const fits: Record<CursorKind, (v: CursorValue) => boolean> = {
  no: (v) => Number.isSafeInteger(v),
  text: (v) => typeof v === 'string' && v.isWellFormed() && !v.includes('\0'),
  time: (v) => typeof v === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]{8,15}Z$/.test(v) && !Number.isNaN(Date.parse(v)),
  id: (v) => typeof v === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(v),
  boolean: (v) => typeof v === 'boolean',
}

/** The sort values of the last row, as one opaque word (base64url JSON). */
export function cursorOf(values: readonly CursorValue[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

/**
 * The values of a cursor: `shape` is their number or, better, the kind of each (null is allowed everywhere).
 * Anything that cursorOf did not make is Problem `invalid-cursor`.
 */
export function readCursor(text: string, shape: number | readonly CursorKind[]): CursorValue[] {
  const values = decode(text)
  const kinds = typeof shape === 'number' ? undefined : shape
  const good =
    values.length === (kinds?.length ?? shape) &&
    values.every((v, i) => {
      const kind = kinds?.[i]
      if (v === null) return true
      if (kind) return fits[kind](v)
      return typeof v === 'string' ? fits.text(v) : typeof v === 'number' || typeof v === 'boolean'
    })
  if (!good) throw new Problem('invalid-cursor')
  return values
}

/** The number in a cursor that holds one row number; undefined without a cursor. */
export function readNo(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [no] = readCursor(text, ['no'])
  if (typeof no !== 'number') throw new Problem('invalid-cursor')
  return no
}

/** A page from rows that were read with `limit + 1`: the extra row only tells that there is more. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  show: (row: R) => T,
  sort: (row: R) => readonly CursorValue[],
): Page<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return {
    items: items.map(show),
    next: last !== undefined && rows.length > limit ? cursorOf(sort(last)) : undefined,
  }
}

function decode(text: string): CursorValue[] {
  if (text.length > longest || !/^[A-Za-z0-9_-]+$/.test(text)) throw new Problem('invalid-cursor')
  let values: unknown
  try {
    values = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64url')))
  } catch (e) {
    if (e instanceof SyntaxError || e instanceof TypeError) throw new Problem('invalid-cursor')
    throw e
  }
  if (!Array.isArray(values)) throw new Problem('invalid-cursor')
  return values
}

/** A time as a cursor keeps it: to the microsecond, for a Date would cut it and rows at the border would be skipped. */
export const exactTime = (column: Sql): Sql =>
  sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
