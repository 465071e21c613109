/** What every route of the API is made with: typed registration, who asks, which devices they reach, revisions. */
import { Problem, type ProblemCode } from '@muster/contract'
import type { Reach } from '@muster/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { principalOf } from '../gateway/index.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Problems that this route answers with, beside those every route may: they join the API description. */
    problems?: readonly ProblemCode[]
  }
}

export { principalOf }

const typed = (app: FastifyInstance) => app.withTypeProvider<ZodTypeProvider>()
export type Api = ReturnType<typeof typed>
export const typedRoutes: (app: FastifyInstance) => Api = typed

export function actorOf(request: FastifyRequest): string {
  return principalOf(request).actor
}
/** The devices for which the caller holds this route's permission: the gateway narrowed the principal to it. */
export function reachOf(request: FastifyRequest): Reach {
  return principalOf(request).reach
}

export const IfMatch = z.object({
  'if-match': z.string().optional().describe('The revision that was read, in quotes: "7". Required'),
})
export const MayMatch = z.object({
  'if-match': z.string().optional().describe('The revision that is meant, in quotes: "7". Without it, any'),
})
/** The revision of `If-Match: "7"`. */
export function revisionOf(request: FastifyRequest): number {
  const header = request.headers['if-match']
  const number = header === undefined ? undefined : /^(?:W\/)?"(\d{1,9})"$/.exec(header)?.[1]
  if (number === undefined)
    throw new Problem('invalid-request', {
      errors: [
        {
          path: 'headers.if-match',
          message:
            header === undefined
              ? 'send If-Match: "<revision>" with the revision you read'
              : 'is not a revision in quotes',
        },
      ],
    })
  return Number(number)
}

/** The row number an id stands for. What cannot be one is not found. */
export function rowOf(id: string): number {
  if (!/^[1-9]\d{0,15}$/.test(id) || !Number.isSafeInteger(Number(id))) throw new Problem('not-found')
  return Number(id)
}
/** As `rowOf`, for an id inside a body. */
export function rowIn(path: string, id: string): number {
  if (!/^[1-9]\d{0,15}$/.test(id) || !Number.isSafeInteger(Number(id)))
    throw new Problem('invalid-request', { errors: [{ path, message: 'is not an id' }] })
  return Number(id)
}
