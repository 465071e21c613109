/** Shapes that several routes share: JSON values, names, reasons, pages, revisions. */
import { formFactors, type JsonObject as JsonRecord, type Json as JsonValue, ownerships } from '@muster/contract'
import { z } from 'zod'

/** Any JSON value. Its depth is bounded where the body is read, so it is not walked a second time here. */
export const Json = z.unknown().meta({
  id: 'Json',
  description: 'Any JSON value',
}) as unknown as z.ZodType<JsonValue>
export const JsonObject = z
  .record(z.string(), Json)
  .meta({ id: 'JsonObject', description: 'Any JSON object' }) as unknown as z.ZodType<JsonRecord>
export const JsonSchema = z
  .record(z.string(), z.unknown())
  .meta({ id: 'JsonSchema', description: 'A JSON Schema, draft 2020-12' })

/** A point in time of an answer. */
export const time = () => z.string().meta({ format: 'date-time' })
/** A list of an answer. */
export function list<T extends z.ZodType>(items: T): z.ZodType<readonly z.output<T>[]> {
  return z.array(items)
}
/** One of these words in an answer; the words are for the reader, and are not checked again. */
export const word = (words: readonly string[]) => z.string().meta({ enum: [...words] })
/** Texts of requests: no control characters but tab and line breaks, no half surrogate pairs (PostgreSQL holds neither). */
export const text = (max: number, min = 0) =>
  z
    .string()
    .min(min)
    .max(max)
    .refine(
      (s) => s.isWellFormed() && !/[^\P{Cc}\t\n\r]/u.test(s),
      'holds a control character or half a surrogate pair',
    )
export const id = () => z.string().min(1).max(64)
export const platformId = () => z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'is not a platform id')
export const ownership = () => z.enum(ownerships)
export const formFactor = () => z.enum(formFactors)

export const Named = z.object({ id: z.string(), name: z.string() }).meta({ id: 'Named' })
export const Reason = z
  .object({ code: z.string(), text: z.string() })
  .meta({ id: 'Reason', description: 'Why: a stable code and a sentence for people' })
export const IdParams = z.object({ id: id() })

/** Query of a keyset list: what `next` gave goes back in as `cursor`. */
export const pageQuery = {
  cursor: z.string().min(1).max(2048).optional().describe('The `next` of the page before'),
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Rows a page, at most'),
}
export const PageQuery = z.strictObject(pageQuery)
/** `name` is the component's: `DevicePage`. */
export function page<T extends z.ZodType>(name: string, items: T) {
  return z
    .object({ items: list(items), next: z.string().optional().describe('Cursor of the next page; absent on the last') })
    .meta({ id: name })
}

const FieldError = z.object({ path: z.string(), message: z.string() }).meta({ id: 'FieldError' })
/** RFC 9457. Every route may answer with it: the API description refers to it by name. */
z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  code: z.string().describe('Stable; the list is in GET /catalog'),
  requestId: z.string().optional(),
  errors: z.array(FieldError).optional(),
}).meta({ id: 'Problem', description: 'What went wrong (RFC 9457) and what to do about it' })
