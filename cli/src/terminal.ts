/** Where the commands write, and how refusals are told: words for people, JSON for programs, one exit code for each kind. */
import { ApiProblem } from '@muster/client'
import { isProblem } from '@muster/contract'
import { InvalidArgumentError } from 'commander'

export const exitCodes = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const

export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** Lines may be rewritten and QR codes drawn. */
  readonly interactive: boolean
  readonly env: NodeJS.ProcessEnv
  readInput(): Promise<string>
  code: number
}

export function processTerminal(): Terminal {
  const terminal: Terminal = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stdout.isTTY === true,
    env: process.env,
    readInput: async () => {
      let text = ''
      for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk)
      return text
    },
    code: exitCodes.done,
  }
  // Whoever reads no further (`| head`) has what they wanted; what was begun goes on to its end.
  process.stdout.on('error', (e: NodeJS.ErrnoException) => {
    if (e.code === 'EPIPE') return
    terminal.err(`error: the output cannot be written: ${e.message}\n`)
    terminal.code = exitCodes.failed
    process.exitCode = exitCodes.failed
  })
  process.stderr.on('error', () => undefined)
  return terminal
}

/** What the person asked for cannot be asked like this: exit code 2. */
export class UsageError extends Error {}

/** Says what went wrong; answers the exit code. */
export function tell(terminal: Terminal, thrown: unknown): number {
  // A request that failed before it was made, for want of a token, says nothing of the server.
  const e = thrown instanceof ApiProblem && thrown.cause instanceof UsageError ? thrown.cause : thrown
  if (e instanceof UsageError || e instanceof InvalidArgumentError) {
    terminal.err(`error: ${e.message}\n`)
    return exitCodes.usage
  }
  if (e instanceof ApiProblem) {
    const fields = e.errors.map((f) => `  ${f.path}: ${f.message}\n`).join('')
    const refused = Array.isArray(e.body.refused) ? (e.body.refused as { device: string; text: string }[]) : []
    const extra = ['reason', 'permission', 'state', 'unknown'].flatMap((k) =>
      e.body[k] === undefined
        ? []
        : [`  ${k}: ${typeof e.body[k] === 'string' ? e.body[k] : JSON.stringify(e.body[k])}\n`],
    )
    const more = e.status === 0 ? cause(e) : ` (${e.code}${e.requestId ? `, request ${e.requestId}` : ''})`
    terminal.err(`error: ${e.message}${more}\n${fields}${extra.join('')}`)
    for (const r of refused) terminal.err(`  ${plain(`${r.device}  ${r.text}`)}\n`)
    return e.status === 0 ? exitCodes.unreachable : exitCodes.failed
  }
  if (isProblem(e)) terminal.err(`error: ${e.message} (${e.code})\n`)
  else if (e instanceof Error && ['DatabaseProblem', 'SecretProblem', 'BackupProblem'].includes(e.name))
    terminal.err(`error: ${e.message}${'code' in e ? ` (${String(e.code)})` : ''}\n`)
  // Of the system, about a file: it names code and path itself.
  else if (e instanceof Error && 'syscall' in e) terminal.err(`error: ${e.message}\n`)
  else terminal.err(`error: ${e instanceof Error ? (e.stack ?? e.message) : String(e)}\n`)
  return exitCodes.failed
}

function cause(e: Error): string {
  let inner: unknown = e.cause
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return inner instanceof Error ? ` (${inner.message})` : ''
}

export function json(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value, null, 2)}\n`)
}

/** Columns as wide as what they hold; the last one is not cut or padded. */
export function table(
  terminal: Terminal,
  columns: readonly string[],
  rows: readonly (readonly (string | null | undefined)[])[],
): void {
  const cells = [columns.map((c) => c.toUpperCase()), ...rows.map((r) => columns.map((_, i) => plain(r[i] ?? '-')))]
  const widths = columns.map((_, i) => Math.min(48, Math.max(...cells.map((r) => (r[i] ?? '').length))))
  for (const row of cells)
    terminal.out(
      `${row
        .map((c, i) => (i === row.length - 1 ? c : c.slice(0, 48).padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd()}\n`,
    )
}

/** Text from devices must not move the cursor or colour the screen. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ')
}

/** How long ago, in one unit. */
export function ago(iso: string | null | undefined): string {
  if (!iso) return 'never'
  const s = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000))
  if (s < 90) return `${s} s ago`
  if (s < 5400) return `${Math.round(s / 60)} min ago`
  if (s < 48 * 3600) return `${Math.round(s / 3600)} h ago`
  return `${Math.round(s / 86_400)} d ago`
}
