/** People in a CSV file, and their codes in another: as spreadsheets write and read them. Pure. */

/** One person of the file. `line` counts from 1, for telling where something is wrong. */
export interface Row {
  line: number
  /** User name or e-mail address. */
  person: string
}

const most = 1000
const heads = new Set(['user', 'username', 'user name', 'name', 'email', 'e-mail', 'benutzer', 'benutzername'])

/** The first column of each line that has one; a first line that names the column is passed over. `undefined`: none, or more than 1,000. */
export function peopleOf(text: string): Row[] | undefined {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  const rows = lines
    .map((line, i): Row => ({ line: i + 1, person: firstOf(line) }))
    .filter((row, i) => row.person !== '' && !(i === 0 && heads.has(row.person.toLowerCase())))
  return rows.length === 0 || rows.length > most ? undefined : rows
}

function firstOf(line: string): string {
  const quoted = /^\s*"((?:[^"]|"")*)"/.exec(line)
  return (quoted?.[1]?.replaceAll('""', '"') ?? line.split(/[,;\t]/)[0] ?? '').trim()
}

/** A table as CSV (RFC 4180); what a spreadsheet would take for a formula is kept a text. */
export function csvOf(table: readonly (readonly string[])[]): string {
  const cell = (text: string) => {
    const plain = /^[=+\-@\t]/.test(text) ? `'${text}` : text
    return /[",;\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
  }
  return table.map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}
