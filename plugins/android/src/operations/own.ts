/** Operations that only Android knows: apps, web clips, files, storage, system updates, Samsung Knox. */
import { androidOperation, androidOperations } from '@muster/contract'
import { agentOperation } from '../agent/index.ts'
import type { AndroidOperation } from '../area.ts'
import { googleAppClear } from '../commands/index.ts'
import { beyondGoogle } from './beyond-google.ts'

export const ownOperations: readonly AndroidOperation[] = androidOperations.map((descriptor) => {
  const google = descriptor.id === androidOperation.appClear.id ? googleAppClear : undefined
  const agent = agentOperation(descriptor)
  return { descriptor, google, agent: google ? agent : { ...agent, elsewhere: beyondGoogle(descriptor.id) } }
})
