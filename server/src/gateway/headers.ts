/** Security headers. Answers of the API are data: nothing may frame, sniff, keep or run them. Pages set a policy of their own. */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

const apiPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

export function apiHeaders(request: FastifyRequest, reply: FastifyReply): void {
  const raw = reply.raw
  raw.setHeader('x-content-type-options', 'nosniff')
  raw.setHeader('x-frame-options', 'DENY')
  raw.setHeader('referrer-policy', 'no-referrer')
  raw.setHeader('cross-origin-resource-policy', 'same-origin')
  raw.setHeader('cross-origin-opener-policy', 'same-origin')
  raw.setHeader('content-security-policy', apiPolicy)
  raw.setHeader('cache-control', 'no-store')
  if (request.protocol === 'https') raw.setHeader('strict-transport-security', 'max-age=31536000')
}

/** For a page with one inline style and no script. `formTargets`: origins that a form's answer may lead on to. */
export function pagePolicy(style: string, formTargets: readonly string[] = []): string {
  const hash = createHash('sha256').update(style).digest('base64')
  return `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action ${["'self'", ...formTargets].join(' ')}`
}
