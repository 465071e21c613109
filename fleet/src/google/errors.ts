/** How Google's APIs refuse: google.rpc codes with their HTTP status, and details that name the field. */

const statuses = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const
export type Code = keyof typeof statuses

/** google.rpc.Code as a number, as it stands in a long-running operation. */
export const rpcNumbers = { CANCELLED: 1, UNKNOWN: 2, DEADLINE_EXCEEDED: 4, FAILED_PRECONDITION: 9 } as const

export interface Violation {
  readonly field: string
  readonly description: string
}
interface ApiErrorMore {
  readonly violations?: readonly Violation[]
  readonly retryAfterS?: number
  readonly reason?: string
}

export class ApiError extends Error {
  readonly code: Code
  readonly status: number
  readonly more: ApiErrorMore

  constructor(code: Code, message: string, more: ApiErrorMore = {}) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.status = statuses[code]
    this.more = more
  }

  body(): string {
    const { violations, reason } = this.more
    const details = [
      ...(violations === undefined
        ? []
        : [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations }]),
      ...(reason === undefined
        ? []
        : [
            {
              '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
              reason,
              domain: 'googleapis.com',
              metadata: { service: 'androidmanagement.googleapis.com' },
            },
          ]),
    ]
    return JSON.stringify({
      error: {
        code: this.status,
        message: this.message,
        status: this.code,
        ...(details.length > 0 ? { details } : {}),
      },
    })
  }
}

/** 400 with the first field in the message and all of them in the details. */
export function invalid(violations: readonly Violation[]): ApiError {
  return new ApiError('INVALID_ARGUMENT', violations.map((v) => v.description).join('\n'), { violations })
}
export const notFound = (name: string): ApiError =>
  new ApiError('NOT_FOUND', `Requested entity was not found: ${name}.`, { reason: 'RESOURCE_NOT_FOUND' })
