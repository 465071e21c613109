/** JSON as PostgreSQL takes it: jsonb refuses NUL and halves of surrogate pairs, which devices do send. */

const suspicious = /\\u0000|\\ud[89a-f]/i

/** The value as text for a jsonb parameter; characters that jsonb cannot hold become U+FFFD. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value ?? null)
  return suspicious.test(text) ? JSON.stringify(clean(JSON.parse(text))) : text
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\uFFFD')
  if (Array.isArray(value)) return value.map(clean)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [clean(k) as string, clean(v)]))
}
