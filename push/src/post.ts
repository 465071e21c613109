/** One bounded request to a push service that speaks HTTP and JSON; it settles always. */
import type { Json } from '@muster/contract'

export interface Answer {
  /** 0: none came. */
  readonly status: number
  readonly body: Json
  header(name: string): string | undefined
  /** Why none came. */
  readonly lost?: string
  /** `Retry-After` (RFC 9110 section 10.2.3); an hour at most. */
  readonly afterMs?: number
}
export type Post = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<Answer>

/** Bytes of an answer that are read. */
const answerBytes = 64 * 1024

export function createPost(o: { fetch: typeof globalThis.fetch; answerMs: number; now(): number }): Post {
  return async (url, headers, body) => {
    try {
      const signal = AbortSignal.timeout(o.answerMs)
      const response = await o.fetch(url, { method: 'POST', headers, body, redirect: 'error', signal })
      const text = (await response.text()).slice(0, answerBytes)
      return {
        status: response.status,
        body: parsed(text),
        header: (name) => response.headers.get(name) ?? undefined,
        afterMs: msOf(response.headers.get('retry-after'), o.now()),
      }
    } catch (error) {
      const cause = (error as { cause?: { code?: unknown } }).cause?.code
      const lost = `no answer: ${String(cause ?? (error as Error).name)}`.slice(0, 100)
      return { status: 0, body: null, header: () => undefined, lost }
    }
  }
}

export function objectOf(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}
function msOf(value: string | null, nowMs: number): number | undefined {
  if (value === null || value === '') return undefined
  const seconds = Number(value)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - nowMs
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, 3_600_000) : undefined
}
