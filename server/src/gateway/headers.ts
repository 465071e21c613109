/** Security headers. Answers of the API are data: nothing may frame, sniff, keep or run them. Pages set a policy of their own. */
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'

const apiPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/** HSTS binds a host on all its ports, so only a public https name that is nobody's own machine asks for it. */
export function apiHeaders(publicUrl: string): (request: FastifyRequest, reply: FastifyReply) => void {
  const { protocol, hostname } = new URL(publicUrl)
  const strict = protocol === 'https:' && hostname !== 'localhost' && isIP(hostname.replace(/^\[|\]$/g, '')) === 0
  return (request, reply) => setHeaders(reply, strict && request.protocol === 'https')
}

function setHeaders(reply: FastifyReply, strict: boolean): void {
  const raw = reply.raw
  raw.setHeader('x-content-type-options', 'nosniff')
  raw.setHeader('x-frame-options', 'DENY')
  raw.setHeader('referrer-policy', 'no-referrer')
  raw.setHeader('cross-origin-resource-policy', 'same-origin')
  raw.setHeader('cross-origin-opener-policy', 'same-origin')
  raw.setHeader('content-security-policy', apiPolicy)
  raw.setHeader('cache-control', 'no-store')
  if (strict) raw.setHeader('strict-transport-security', 'max-age=31536000')
}

/** For a page with one inline style and no script. `formTargets`: origins that a form's answer may lead on to. */
export function pagePolicy(style: string, formTargets: readonly string[] = []): string {
  const hash = createHash('sha256').update(style).digest('base64')
  return `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action ${["'self'", ...formTargets].join(' ')}`
}
