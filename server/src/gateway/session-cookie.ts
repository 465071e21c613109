/** The console's session cookie, its name by scheme, and the proof that an unsafe request came from our own page. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Problem } from '@muster/contract'
import type { FastifyRequest } from 'fastify'

/** Browsers take `__Host-` and `Secure` on https and on localhost only. */
function secure(request: FastifyRequest): boolean {
  return request.protocol === 'https' || request.hostname === 'localhost'
}
const nameFor = (request: FastifyRequest) => (secure(request) ? '__Host-muster' : 'muster')

export function sessionCookie(request: FastifyRequest): string | undefined {
  const header = request.headers.cookie
  if (!header) return undefined
  const name = nameFor(request)
  for (const part of header.split(';')) {
    const eq = part.indexOf('=')
    if (eq > 0 && part.slice(0, eq).trim() === name) return part.slice(eq + 1).trim()
  }
  return undefined
}

/** `session` undefined: the cookie that takes the session away. */
export function setSessionCookie(request: FastifyRequest, session: string | undefined, expires?: Date): string {
  const life = session === undefined ? '; Max-Age=0' : expires ? `; Expires=${expires.toUTCString()}` : ''
  return `${nameFor(request)}=${session ?? ''}; Path=/; HttpOnly; SameSite=Lax${secure(request) ? '; Secure' : ''}${life}`
}

/** Bound to the session by a key only its holder and we know: the session itself. */
export function csrfToken(session: string): string {
  return createHmac('sha256', session).update('muster csrf').digest('base64url')
}

/** Refuses what another site's page could send. */
export function checkSameSite(request: FastifyRequest, publicOrigin: string): void {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new Problem('csrf-refused')
  const origin = request.headers.origin
  if (origin === undefined) return
  if (origin !== publicOrigin && origin !== `${request.protocol}://${request.host}`) throw new Problem('csrf-refused')
}

export function checkCsrf(request: FastifyRequest, session: string, publicOrigin: string): void {
  checkSameSite(request, publicOrigin)
  const given = Buffer.from(String(request.headers['x-muster-csrf'] ?? ''))
  const wanted = Buffer.from(csrfToken(session))
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new Problem('csrf-refused')
}
