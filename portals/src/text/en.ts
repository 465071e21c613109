/** The English catalogue: every word the portals say. `{name}` is filled in; `.one`/`.other` depend on a count. */
import { administration } from './en/administration.ts'
import { device } from './en/device.ts'
import { queries } from './en/queries.ts'
import { setup } from './en/setup.ts'
import { shell } from './en/shell.ts'
import { trail } from './en/trail.ts'
import { webhooks } from './en/webhooks.ts'
import { work } from './en/work.ts'

export const en = {
  ...shell,
  ...device,
  ...work,
  ...administration,
  ...webhooks,
  ...queries,
  ...setup,
  ...trail,
} as const
