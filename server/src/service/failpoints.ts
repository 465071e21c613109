/** Failpoints around the answers of every route: after the work was done and before it is told, and just after. */
import { failing, failpoint } from '@muster/core'
import type { FastifyInstance } from 'fastify'

/** Adds nothing to a server without failpoints. */
export function failAroundAnswers(app: FastifyInstance): void {
  if (!failing) return
  app.addHook('onSend', async () => failpoint('answer.request.before'))
  app.addHook('onResponse', async () => failpoint('answer.request.after'))
}
