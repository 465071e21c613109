/** The one client of the API: same origin, below whatever path prefix the page was reached, session cookie, CSRF header. */
import { createMusterClient } from '@muster/client'
import { language } from '../text/index.ts'

/** Where Muster is reached, ending in a slash. */
export const base = new URL('.', document.baseURI).href

const session: { csrf?: string; onExpired: () => void; onReplaced: () => Promise<boolean> } = {
  onExpired: () => undefined,
  onReplaced: async () => false,
}

export function keepCsrf(csrf: string | undefined): void {
  if (csrf === undefined) delete session.csrf
  else session.csrf = csrf
}
/** Called whenever a signed-in call is answered with 401. */
export function onSessionExpired(handler: () => void): void {
  session.onExpired = handler
}
/** Called when another tab has signed in anew and this one's word is no longer good; says whether the same person is still signed in. */
export function onSessionReplaced(handler: () => Promise<boolean>): void {
  session.onReplaced = handler
}

/** Longer than a server that is asked too much takes to begin an answer. */
const patienceMs = 20_000

/** A read that nobody answers (a connection that died unnoticed) is given up and so asked again: else its page would wait for ever. What changes something is waited for. */
async function answered(request: Request): Promise<Response> {
  if (request.method !== 'GET') return fetch(request)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new DOMException('No answer came.', 'TimeoutError')), patienceMs)
  try {
    return await fetch(request, { signal: AbortSignal.any([request.signal, late.signal]) })
  } finally {
    clearTimeout(timer)
  }
}

async function told(request: Request): Promise<Response> {
  if (request.method !== 'GET' && session.csrf !== undefined) request.headers.set('X-Muster-CSRF', session.csrf)
  // What the server says in words, as to who enrols, it says in the language of the page.
  request.headers.set('Accept-Language', language)
  const by = session.csrf
  const response = await answered(request)
  // A late answer to the session before says nothing of the one that was begun meanwhile.
  if (response.status === 401 && by !== undefined && by === session.csrf) session.onExpired()
  return response
}

/** Refused before anything was done. */
async function fromOldSession(response: Response): Promise<boolean> {
  if (response.status !== 403 || session.csrf === undefined) return false
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => undefined)
  return typeof problem === 'object' && problem !== null && 'code' in problem && problem.code === 'csrf-refused'
}

export const api = createMusterClient({
  baseUrl: base,
  async fetch(request) {
    const again = request.method === 'GET' ? undefined : request.clone()
    const response = await told(request)
    if (again === undefined || !(await fromOldSession(response))) return response
    return (await session.onReplaced()) ? told(again) : response
  },
})

/** Random and unique; works on plain http too, where `crypto.randomUUID` does not exist. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
