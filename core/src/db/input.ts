/** Checks what callers give before it reaches SQL: shapes by zod, and texts that PostgreSQL can hold. */
import { type FieldError, Problem, type ProblemCode } from '@muster/contract'
import { z } from 'zod'

/** A text without control characters and lone surrogates, which text and jsonb columns refuse. */
export function plainText(max: number, min = 0): z.ZodType<string, string> {
  return z
    .string()
    .min(min)
    .max(max)
    .refine(
      (s) => s.isWellFormed() && !/[^\P{Cc}\t\n\r]/u.test(s),
      'holds a control character or half a surrogate pair',
    )
}

/** The value in the schema's shape, or the Problem with `errors` naming each field. */
export function checkInput<T>(schema: z.ZodType<T>, value: unknown, code: ProblemCode = 'invalid-request'): T {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  throw new Problem(code, { errors: fieldErrors(read.error) })
}

/** Field errors as problem+json carries them: path with dots, at most 20. */
export function fieldErrors(error: z.ZodError): (FieldError & { [key: string]: string })[] {
  return error.issues.slice(0, 20).map((i) => ({ path: i.path.map(String).join('.'), message: i.message }))
}
