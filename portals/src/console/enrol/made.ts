/** An invitation as it was just made: its code is known this once. */
import type { InvitationCreated, InvitationRequest } from '../../api/index.ts'

export interface Made {
  invitation: InvitationCreated
  request: InvitationRequest
}
