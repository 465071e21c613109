/** What only the channel to Google can do. */
import type { OperationDescriptor } from '@muster/contract'
import type { AndroidOperation } from '../area.ts'
import { esimIds, googleEsimIds } from '../commands/index.ts'

export const googleOperations: readonly AndroidOperation[] = [
  { descriptor: esimIds as OperationDescriptor, google: googleEsimIds },
]
