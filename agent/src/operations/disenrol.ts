/** device.disenrol: everything Muster put is taken back; once the server has heard it, the agent forgets its enrolment and ends. */
import { deviceDisenrol } from '@muster/contract'
import { restoreAll } from '../restore.ts'
import { define } from './operation.ts'

export const disenrol = define(deviceDisenrol, false, async (_, s) => {
  await restoreAll({ tree: s.tree, originals: s.originals, run: s.run })
  s.leave()
  return {}
})
