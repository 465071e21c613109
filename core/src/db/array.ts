/** Arrays as PostgreSQL reads them in text: the driver would quote and escape each number by itself. */

/** The parameter of a bigint[], integer[] or float8[]. */
export function numberArray(list: readonly (number | null)[]): string {
  return `{${list.map((n) => n ?? 'null').join(',')}}`
}
