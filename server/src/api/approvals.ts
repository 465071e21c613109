/** Approvals: what would destroy more than one person may alone, and the second administrator's word on it. */
import { approvalStates, type Core } from '@muster/core'
import { z } from 'zod'
import { type Api, principalOf, rowOf } from './route.ts'
import { id, list, pageQuery, text, time, word } from './shapes.ts'
import { spoken } from './spoken.ts'

const tags = ['Approvals']
const Approval = z
  .object({
    activity: z.string().describe('The activity that stands until it is decided'),
    operation: z.string(),
    title: z.string(),
    kind: word(['wipe', 'removal']).describe('wipe: data of devices is lost; removal: devices are let go'),
    actor: z.string().describe('Who asked: user:anna, client:ci'),
    devices: z.int(),
    state: word(approvalStates),
    askedAt: time(),
    expiresAt: time(),
    decidedAt: time().nullable(),
    decidedBy: z.string().nullable(),
    note: z.string(),
    sample: z
      .array(z.object({ id: z.string(), name: z.string(), owner: z.string().nullable() }))
      .describe('Up to twenty of the devices, by name, with whose they are'),
  })
  .meta({ id: 'Approval' })
const ApprovalPage = z
  .object({
    items: list(Approval),
    next: z.string().optional().describe('Cursor of the next page; absent on the last'),
    inForce: z
      .boolean()
      .describe('Whether the guard holds: it begins once two people may approve. Until then nothing waits'),
  })
  .meta({ id: 'ApprovalPage' })
const Params = z.object({ activity: id() })

export function approvalRoutes(app: Api, core: Core): void {
  app.get(
    '/approvals',
    {
      config: { access: { permission: 'approval:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List what waits for approval or waited, newest first',
        operationId: 'listApprovals',
        querystring: z.strictObject({ ...pageQuery, state: z.enum(approvalStates).optional() }),
        response: { 200: ApprovalPage },
      },
    },
    async (request) => {
      const found = await core.approvals.list(request.query)
      return { ...found, items: found.items.map(spoken(core, request).ofOperation) }
    },
  )
  app.get(
    '/approvals/:activity',
    {
      config: { access: { permission: 'approval:read' }, problems: ['not-found'] },
      schema: {
        tags,
        summary: 'Read one',
        operationId: 'getApproval',
        params: Params,
        response: { 200: Approval },
      },
    },
    async (request) => spoken(core, request).ofOperation(await core.approvals.read(rowOf(request.params.activity))),
  )
  app.post(
    '/approvals/:activity/decide',
    {
      config: {
        access: { permission: 'approval:write' },
        problems: ['not-found', 'wrong-state', 'own-approval', 'approver-unsettled', 'recovery-mode'],
      },
      schema: {
        tags,
        summary: 'Approve or decline',
        operationId: 'decideApproval',
        description:
          'Needs the permission of its operation, too. Whoever approves is a person, not the one who asked, and reaches all of its devices. Approved, wipes are held for ten minutes as usual, and can be cancelled until then.',
        params: Params,
        body: z.strictObject({ approve: z.boolean(), note: text(500).default('') }).meta({ id: 'ApprovalDecision' }),
        response: { 200: Approval },
      },
    },
    async (request) =>
      spoken(core, request).ofOperation(
        await core.approvals.decide({
          ...request.body,
          activity: rowOf(request.params.activity),
          principal: principalOf(request),
        }),
      ),
  )
}
