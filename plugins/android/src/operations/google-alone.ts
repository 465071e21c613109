/** What only the channel to Google can do. */
import type { OperationDescriptor } from '@muster/contract'
import type { AndroidOperation } from '../area.ts'
import { esimAdd, esimIds, esimRemove, googleEsimAdd, googleEsimIds, googleEsimRemove } from '../commands/index.ts'

export const googleOperations: readonly AndroidOperation[] = [
  { descriptor: esimIds as OperationDescriptor, google: googleEsimIds },
  { descriptor: esimAdd as OperationDescriptor, google: googleEsimAdd },
  { descriptor: esimRemove as OperationDescriptor, google: googleEsimRemove },
]
