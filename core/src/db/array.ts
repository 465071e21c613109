/** Arrays as PostgreSQL reads them in text: the driver would quote and escape each number by itself. */

/** The parameter of a bigint[], integer[] or float8[]. */
export function numberArray(list: readonly (number | null)[]): string {
  return list.includes(null) ? `{${list.map(String).join()}}` : `{${list.join()}}`
}

const special = /["\\]/g

/** The parameter of a text[] or jsonb[]. Of a batch most are the same text, which is quoted once. */
export function textArray(list: readonly (string | null)[]): string {
  let text = '{'
  let last: string | null = null
  let quoted = 'null'
  for (const item of list) {
    if (text.length > 1) text += ','
    if (item !== last) {
      last = item
      quoted = item === null ? 'null' : `"${item.replace(special, '\\$&')}"`
    }
    text += quoted
  }
  return `${text}}`
}
