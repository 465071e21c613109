/** Operations that most platforms know, in one place so that one activity can reach all of them. */
import { z } from 'zod'
import { operation } from '../descriptors.ts'

export const deviceInventory = operation({
  id: 'device.inventory', title: 'Refresh inventory', summary: 'Asks the device for everything it knows about itself.', danger: 'none', repeatable: true, collapse: true,
  params: z.object({}).strict(), result: z.object({ facts: z.number().int().describe('Number of facts reported') }), expiresS: 7 * 86400, examples: [{ params: {}, result: { facts: 42 } }],
})
export const deviceMessage = operation({
  id: 'device.message', title: 'Send message', summary: 'Shows a message to whoever uses the device.', danger: 'none', repeatable: false,
  params: z.object({ title: z.string().max(120).default('').describe('Heading'), text: z.string().min(1).max(4000).describe('Message') }).strict(),
  result: z.object({ shownTo: z.number().int().describe('Sessions that saw it') }), expiresS: 7 * 86400,
  examples: [{ params: { title: 'Maintenance', text: 'We restart at 18:00.' }, result: { shownTo: 1 } }],
})
export const deviceDisenrol = operation({
  id: 'device.disenrol', title: 'Disenrol', summary: 'Undoes what Muster manages on the device, removes its credentials and ends management.', danger: 'confirm', repeatable: true, collapse: true,
  params: z.object({}).strict(), result: z.object({}), expiresS: 30 * 86400, examples: [{ params: {}, result: {} }],
})
