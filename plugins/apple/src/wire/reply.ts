/** What a device's answer to a command means, whichever command it was. */
import type { Json, JsonObject, Outcome } from '@muster/contract'

const unreadable: Outcome = {
  state: 'unreadable',
  reason: { code: 'reply-unreadable', text: 'The answer is not of the MDM protocol.' },
}

/** Acknowledged: `result` reads it. Error and CommandFormatError: failed, in the device's own words. */
export function replyOutcome(reply: Json, result: (reply: JsonObject) => Json): Outcome {
  if (typeof reply !== 'object' || reply === null || Array.isArray(reply)) return unreadable
  switch (reply.Status) {
    case 'Acknowledged':
      return { state: 'completed', result: result(reply) }
    case 'Error':
      return { state: 'failed', reason: { code: 'device-error', text: errorText(reply.ErrorChain) } }
    case 'CommandFormatError':
      return {
        state: 'failed',
        reason: {
          code: 'command-format',
          text: `The device does not understand the command. ${errorText(reply.ErrorChain)}`.trim(),
        },
      }
    default:
      return unreadable
  }
}

/** "MCInstallationErrorDomain 4001: Profile Installation Failed"; the chain from the outside in. */
function errorText(chain: Json | undefined): string {
  if (!Array.isArray(chain)) return 'The device says that it failed.'
  const parts = chain.slice(0, 8).flatMap((e) => {
    if (typeof e !== 'object' || e === null || Array.isArray(e)) return []
    const words = e.USEnglishDescription ?? e.LocalizedDescription ?? ''
    return [`${e.ErrorDomain ?? ''} ${e.ErrorCode ?? ''}: ${typeof words === 'string' ? words : ''}`.trim()]
  })
  return parts.join('; ').slice(0, 1000) || 'The device says that it failed.'
}
