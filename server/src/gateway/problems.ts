/** Every error as problem+json (RFC 9457): our codes as they are, the framework's mapped, the unknown hidden and logged. */
import { randomInt } from 'node:crypto'
import { isProblem, type JsonObject, Problem, type ProblemCode, type Reply } from '@muster/contract'
import { DatabaseProblem, type Log, sqlState } from '@muster/core'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { pathFault } from './paths.ts'
import type { RouteTable } from './permission.ts'

const problemType = 'application/problem+json'

/** The body of a problem. `title` is the code in words, `detail` says what to do. */
export function problemBody(p: Problem, requestId: string): JsonObject {
  const title = p.code.replaceAll('-', ' ')
  return {
    ...p.extra,
    type: `urn:muster:problem:${p.code}`,
    title: title[0]!.toUpperCase() + title.slice(1),
    status: p.status,
    detail: p.message,
    code: p.code,
    instance: `urn:muster:request:${requestId}`,
    requestId,
  }
}

function headersOf(p: Problem): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': problemType,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  }
  const wait = p.extra.retryAfterS
  if (typeof wait === 'number') headers['retry-after'] = String(Math.max(1, Math.ceil(wait)))
  else if (p.status === 503) headers['retry-after'] = String(randomInt(2, 8))
  if (p.status === 401)
    headers['www-authenticate'] = `Bearer realm="muster"${p.code.startsWith('token-') ? ', error="invalid_token"' : ''}`
  return headers
}

function sendProblem(reply: FastifyReply, p: Problem): FastifyReply {
  return reply
    .code(p.status)
    .headers(headersOf(p))
    .send(Buffer.from(JSON.stringify(problemBody(p, reply.request.id))))
}

/** The same answer for a request that the framework never saw. */
export function problemReply(p: Problem, requestId: string): Reply {
  return { status: p.status, headers: headersOf(p), body: JSON.stringify(problemBody(p, requestId)) }
}

const ofFastify: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed-request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-json',
  FST_ERR_BAD_URL: 'invalid-path',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
  FST_ERR_ROUTE_NOT_FOUND: 'not-found',
  FST_ERR_NOT_FOUND: 'not-found',
}

/** What any thrown thing is to the caller. */
export function asProblem(e: unknown): Problem {
  if (isProblem(e)) return e
  if (e instanceof DatabaseProblem) return new Problem('database-away')
  const error = e as Partial<FastifyError> & { validationContext?: string }
  if (Array.isArray(error.validation)) {
    const errors = error.validation.slice(0, 20).map((v) => ({
      path: [
        error.validationContext === 'body' ? '' : (error.validationContext ?? ''),
        ...(v.instancePath ?? '').split('/'),
      ]
        .filter(Boolean)
        .join('.'),
      message: v.message ?? 'is not valid',
    }))
    return new Problem('invalid-request', { errors })
  }
  const known = typeof error.code === 'string' ? ofFastify[error.code] : undefined
  if (known) return new Problem(known)
  // A value the database could not take (class 22) slipped past the checks: the caller's fault, and nothing was written.
  if (sqlState(e)?.match(/^22\w{3}$/)) return new Problem('invalid-request')
  if (typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500)
    return new Problem('malformed-request')
  return new Problem('internal-error')
}

export function handleErrors(
  app: FastifyInstance,
  log: Log,
  table: RouteTable,
): (e: FastifyError, request: FastifyRequest, reply: FastifyReply) => void {
  function answer(e: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const p = asProblem(e)
    if (p.status >= 500)
      log.error(
        { err: e, requestId: request.id, method: request.method, path: request.routeOptions.url ?? 'unknown' },
        p.code === 'internal-error' ? 'a request failed' : p.code,
      )
    else if (!isProblem(e))
      // The caller's own fault: a line, and no trace that strangers could fill the disk with.
      log.warn(
        { reason: reasonOf(e), requestId: request.id, path: request.routeOptions.url ?? 'unknown' },
        `answered as ${p.code}`,
      )
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy()
      return
    }
    sendProblem(reply, p)
  }
  app.setErrorHandler(answer)
  app.setNotFoundHandler((request, reply) => {
    if (pathFault(request.originalUrl) !== undefined) return sendProblem(reply, new Problem('invalid-path'))
    const allowed = table.methodsAt(request.raw.url ?? '/')
    if (allowed.length === 0 || allowed.includes(request.method)) return sendProblem(reply, new Problem('not-found'))
    void reply.header('allow', allowed.join(', '))
    return sendProblem(reply, new Problem('method-not-allowed', { allow: allowed }))
  })
  return answer
}

const reasonOf = (e: unknown) => (e instanceof Error ? `${e.name}: ${e.message}` : String(e)).slice(0, 500)

/** The answer to bytes that are no HTTP, on a bare socket. */
export function rawProblem(requestId: string): string {
  const p = new Problem('malformed-request')
  const body = JSON.stringify(problemBody(p, requestId))
  return `HTTP/1.1 ${p.status} Bad Request\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
}
