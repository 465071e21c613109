/** Signatures as the Standard Webhooks specification has them (v1, HMAC-SHA256 over `id.timestamp.body`). */
import { createHmac, randomBytes } from 'node:crypto'

const prefix = 'whsec_'

export function newSecret(): string {
  return `${prefix}${randomBytes(32).toString('base64')}`
}

/** `timestampS`: Unix seconds. One signature of the value of the header `webhook-signature`. */
export function signature(secret: string, id: string, timestampS: number, body: string): string {
  const key = Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`
}

/** The id of a message: the same at each try, without a dot, which the signed text divides by. */
export function messageId(event: string): string {
  return `evt_${event.replace('.', '_')}`
}
