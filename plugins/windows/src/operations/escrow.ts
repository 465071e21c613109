/** Secrets in answers: which nodes hold them, and by what names they are kept. */
import type { EscrowDescriptor } from '@muster/contract'
import { newPin } from './power.ts'

const pin = 'device-pin'

export const escrow: readonly EscrowDescriptor[] = [
  {
    id: pin,
    title: 'Device PIN',
    summary: 'The PIN that the device gave itself when it was locked and reset.',
    readable: true,
  },
]
/** undefined: the node holds no secret. */
export const escrowOf = (uri: string): string | undefined => (uri.endsWith(newPin) ? pin : undefined)
