/** One thing that was looked at. */
export interface Finding {
  check: string
  state: 'ok' | 'warning' | 'failed'
  text: string
  /** What to do. */
  advice?: string
}
export const ok = (check: string, text: string): Finding => ({ check, state: 'ok', text })
export const warning = (check: string, text: string, advice: string): Finding => ({
  check,
  state: 'warning',
  text,
  advice,
})
export const failed = (check: string, text: string, advice: string): Finding => ({
  check,
  state: 'failed',
  text,
  advice,
})
export const hasFailed = (all: readonly Finding[]) => all.some((f) => f.state === 'failed')
export const reason = (e: unknown) => (e instanceof Error ? e.message : String(e))
