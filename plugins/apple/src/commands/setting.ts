/** One entry or several of Apple's Settings command, as an operation: what goes out, and what the answer to each entry means. */
import type { JsonObject, OperationDescriptor } from '@muster/contract'
import {
  type Command,
  type CommandRowOptions,
  command,
  listOf,
  objectOf,
  plainReplies,
  refusedOutcome,
  refusedReply,
  textIn,
} from './row.ts'

interface SettingOptions<P> extends Pick<CommandRowOptions<P>, 'on' | 'and' | 'looks'> {
  /** The entries of the Settings array. */
  items(params: P): JsonObject[]
  /** One call with what goes out for it. */
  shown: { in: JsonObject; items: JsonObject[] }
}

export function setting<P, R>(d: OperationDescriptor<P, R>, o: SettingOptions<P>): Command {
  return command(d, {
    type: 'Settings',
    on: o.on,
    and: o.and,
    looks: o.looks,
    fields: (p) => ({ Settings: o.items(p) }),
    refused: refusedItem,
    examples: [
      {
        in: o.shown.in,
        wire: { RequestType: 'Settings', Settings: o.shown.items },
        replies: [
          {
            reply: {
              Status: 'Acknowledged',
              Settings: o.shown.items.map((i) => ({ ...itemOf(i), Status: 'Acknowledged' })),
            },
            outcome: { state: 'completed', result: {} },
          },
          {
            reply: {
              Status: 'Acknowledged',
              Settings: [
                {
                  Item: 'X',
                  Status: 'Error',
                  ErrorChain: [
                    { ErrorCode: 12038, ErrorDomain: 'MCMDMErrorDomain', USEnglishDescription: 'Not supervised.' },
                  ],
                },
              ],
            },
            outcome: {
              state: 'failed',
              reason: { code: 'device-refused', text: 'X: MCMDMErrorDomain 12038: Not supervised.' },
            },
          },
          { reply: refusedReply, outcome: refusedOutcome },
          ...plainReplies(),
        ],
      },
    ],
  })
}
const itemOf = (i: JsonObject): JsonObject => ({ Item: i.Item ?? '' })

/** Each entry has a status of its own, within an answer that is acknowledged as a whole. */
function refusedItem(reply: JsonObject): string | undefined {
  const entries = Array.isArray(reply.Settings) ? listOf(reply.Settings) : [objectOf(reply.Settings) ?? {}]
  const bad = entries.find((e) => e.Status !== undefined && e.Status !== 'Acknowledged')
  if (!bad) return undefined
  const [error] = listOf(bad.ErrorChain)
  const number = typeof error?.ErrorCode === 'number' ? ` ${error.ErrorCode}` : ''
  const words = error ? (textIn(error, 'USEnglishDescription') ?? textIn(error, 'LocalizedDescription') ?? '') : ''
  return `${textIn(bad, 'Item') ?? 'Setting'}: ${error ? `${textIn(error, 'ErrorDomain') ?? ''}${number}: ${words}` : 'refused'}`
}
