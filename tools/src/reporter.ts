// What `npm test` prints: a line for each file, the whole truth about each failure, and the runner's closing counts.
import { relative } from 'node:path'
import { cwd } from 'node:process'
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

/** The runner's own counts are diagnostics of the outermost level, each `word number`. */
const count = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const spoken = new Map<string, string>()
  const failures: string[] = []
  for await (const event of events) {
    if (event.type === 'test:stdout' || event.type === 'test:stderr') {
      spoken.set(event.data.file, (spoken.get(event.data.file) ?? '') + event.data.message)
    } else if (event.type === 'test:fail' && !causedByOthers(event.data.details.error)) {
      const place = event.data.file ? `${short(event.data.file)}:${event.data.line ?? 1}` : ''
      failures.push(`\n✖ ${event.data.name}  ${place}\n${indent(cause(event.data.details.error))}\n`)
      yield failures.at(-1)!
    } else if (event.type === 'test:summary' && event.data.file) {
      yield fileLine(event.data.file, event.data)
      if (!event.data.success) yield indent(spoken.get(event.data.file) ?? '')
    } else if (event.type === 'test:diagnostic' && event.data.nesting === 0 && count.test(event.data.message)) {
      if (event.data.message.startsWith('tests ') && failures.length) yield `\nAll failures again:\n${failures.join('')}\n`
      yield `# ${event.data.message}\n`
    }
  }
}

function short(file: string): string {
  return relative(cwd(), file)
}

function fileLine(file: string, s: { success: boolean; counts: { passed: number; tests: number }; duration_ms: number }): string {
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
