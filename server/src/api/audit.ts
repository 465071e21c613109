/** The audit log: read, proven, and taken away as an export that is verified without a server. */
import { Readable } from 'node:stream'
import type { Core } from '@muster/core'
import { z } from 'zod'
import type { Api } from './route.ts'
import { Json, page, pageQuery, text, time } from './shapes.ts'

const tags = ['Audit']
const AuditEntry = z
  .object({
    no: z.string(),
    at: time(),
    actor: z.string(),
    act: z.string(),
    subject: z.string().nullable(),
    detail: Json,
    remote: z.string().nullable(),
    seq: z.int().nullable().describe('Place in the sealed chain; null for the second before it is sealed'),
  })
  .meta({ id: 'AuditEntry' })
const AuditQuery = z.strictObject({
  ...pageQuery,
  actor: text(200).optional(),
  act: text(128).optional(),
  subject: text(200).optional(),
})
const Verified = z
  .object({
    ok: z.boolean(),
    entries: z.int().optional(),
    at: z.int().optional().describe('Place of the first entry that is wrong'),
    reason: z.string().optional(),
  })
  .meta({ id: 'AuditVerified' })

export function auditRoutes(app: Api, core: Core): void {
  app.get(
    '/audit',
    {
      config: { access: { permission: 'audit:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List who did what, newest first',
        operationId: 'listAudit',
        querystring: AuditQuery,
        response: { 200: page('AuditPage', AuditEntry) },
      },
    },
    async (request) => {
      const { cursor, ...rest } = request.query
      const { items, next } = await core.audit.list({ ...rest, before: cursor })
      return { items: items.map((e) => ({ ...e, no: String(e.no), at: e.at.toISOString() })), next }
    },
  )
  app.get(
    '/audit/verify',
    {
      config: { access: { permission: 'audit:read' } },
      schema: {
        tags,
        summary: 'Walk the whole chain and prove it',
        operationId: 'verifyAudit',
        response: { 200: Verified },
      },
    },
    () => core.audit.verify(),
  )
  app.get(
    '/audit/key',
    {
      config: { access: { permission: 'audit:read' } },
      schema: {
        tags,
        summary: 'Read the public key that the chain is signed with',
        operationId: 'getAuditKey',
        response: { 200: z.object({ key: z.string().describe('PEM') }).meta({ id: 'AuditKey' }) },
      },
    },
    async () => ({ key: core.audit.publicKey() }),
  )
  app.get(
    '/audit/export',
    {
      config: { access: { permission: 'audit:read' } },
      schema: {
        tags,
        summary: 'Export the sealed chain (JSON lines)',
        operationId: 'exportAudit',
        description: 'Verify it anywhere with `npx muster audit verify FILE`.',
        response: {
          200: {
            description: 'One entry or signed head a line',
            content: { 'application/jsonl': { schema: z.string() } },
          },
        },
      },
    },
    async (_request, reply) => {
      void reply
        .header('content-type', 'application/jsonl')
        .header('content-disposition', 'attachment; filename="muster-audit.jsonl"')
      return reply.send(Readable.from(lines(core)) as unknown as string)
    },
  )
}

async function* lines(core: Core): AsyncGenerator<string> {
  for await (const line of core.audit.lines()) yield `${JSON.stringify(line)}\n`
}
