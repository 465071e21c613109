/** The row of an operation that is one command: its words, and what the answer gives. */
import type {
  ChannelDetail,
  Json,
  JsonObject,
  OperationDescriptor,
  OperationRow,
  Reason,
  RowExample,
  Secrets,
} from '@muster/contract'
import { replyOutcome } from '../wire/index.ts'

export interface CommandRowOptions<P> {
  /** Apple's RequestType. */
  type: string
  fields?(params: P, c: ChannelDetail, secrets: Secrets): JsonObject
  result?(reply: JsonObject): Json
  channel?: 'device' | 'user'
  needs?: readonly string[]
  when?(c: ChannelDetail): true | Reason
  examples?: readonly RowExample[]
}

export function commandRow<P, R>(d: OperationDescriptor<P, R>, o: CommandRowOptions<P>): OperationRow {
  return {
    channel: o.channel ?? 'device',
    needs: o.needs,
    when: o.when,
    examples: o.examples ?? [],
    to: (params, c, secrets) => ({ RequestType: o.type, ...o.fields?.(d.params.parse(params), c, secrets) }),
    from: (reply) => replyOutcome(reply, o.result ?? (() => ({}))),
  }
}
