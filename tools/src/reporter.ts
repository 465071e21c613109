// What `npm test` prints: a line for each file, the whole truth about each failure, and the runner's closing counts.
import { relative } from 'node:path'
import { cwd } from 'node:process'
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

/** The runner's own counts are diagnostics of the outermost level, each `word number`. */
const count = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/
const slowMs = 60_000

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const spoken = new Map<string, string>()
  const running = new Map<string, number>()
  const failures: string[] = []
  const watch = setInterval(() => nameTheSlow(running), slowMs).unref()
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      spoken.set(data.file, (spoken.get(data.file) ?? '') + data.message)
    } else if (type === 'test:dequeue' && isFile(data)) {
      running.set(data.file, Date.now())
    } else if (type === 'test:complete' && isFile(data)) {
      running.delete(data.file)
    } else if (type === 'test:fail' && !causedByOthers(data.details.error)) {
      failures.push(`\n✖ ${data.name}  ${place(data)}\n${indent(cause(data.details.error))}\n`)
      yield failures.at(-1)!
      if (isFile(data)) yield indent(spoken.get(data.file) ?? '')
    } else if (type === 'test:summary' && data.file) {
      yield fileLine(data.file, data)
      if (!data.success) yield indent(spoken.get(data.file) ?? '')
    } else if (type === 'test:diagnostic' && data.nesting === 0 && count.test(data.message)) {
      if (data.message.startsWith('tests ') && failures.length) yield `\nAll failures again:\n${failures.join('')}\n`
      yield `# ${data.message}\n`
    }
  }
  clearInterval(watch)
}

/** Each file is itself a test of the outermost level, named after its path. */
function isFile<D extends { name: string; nesting: number; file?: string }>(data: D): data is D & { file: string } {
  return data.nesting === 0 && data.file !== undefined && data.file.endsWith(data.name)
}

/** On standard error, so that a run that hangs says where. */
function nameTheSlow(running: ReadonlyMap<string, number>): void {
  for (const [file, since] of running) {
    const ms = Date.now() - since
    if (ms >= slowMs) console.error(`… still running after ${Math.round(ms / 1000)} s: ${short(file)}`)
  }
}

function short(file: string): string {
  return relative(cwd(), file)
}

function place(at: { file?: string; line?: number }): string {
  return at.file ? `${short(at.file)}:${at.line ?? 1}` : ''
}

interface FileSummary {
  readonly success: boolean
  readonly counts: { readonly passed: number; readonly tests: number }
  readonly duration_ms: number
}

function fileLine(file: string, s: FileSummary): string {
  const figures = `${s.counts.passed}/${s.counts.tests}`.padStart(7)
  return `${s.success ? '✔' : '✖'} ${figures} ${`${Math.round(s.duration_ms)}`.padStart(6)} ms  ${short(file)}\n`
}

/** A suite or file that failed only because something inside it did says nothing new. */
function causedByOthers(error: Error & { failureType?: string }): boolean {
  return error.failureType === 'subtestsFailed'
}

function cause(error: Error): string {
  return inspect(error.cause ?? error, { depth: 5, colors: false })
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ')
}
