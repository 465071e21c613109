/** An operation as a command of Google's API (enterprises.devices.issueCommand), and how its long-running operation is read. */
import type {
  ChannelDetail,
  Json,
  JsonObject,
  OperationDescriptor,
  OperationRow,
  Outcome,
  Reason,
  RowExample,
} from '@muster/contract'
import { objectOf } from '../documents/index.ts'

export interface CommandOptions<P, R> {
  /** The body, as Google's resource Command. */
  command(params: P, c: ChannelDetail): JsonObject
  when?(c: ChannelDetail): true | Reason
  /** From the metadata (a Command again) of an operation that is done. */
  result?(command: JsonObject): R
  /** Of the command's own status: why it did not do what was asked for, or that it did, whatever else is said. */
  refused?(command: JsonObject): Reason | 'fulfilled' | undefined
}

export function commandRow<P, R>(d: OperationDescriptor<P, R>, o: CommandOptions<P, R>): OperationRow {
  const done = (command: JsonObject): JsonObject => ({
    name: 'enterprises/LC00/devices/3a/operations/1',
    done: true,
    metadata: command,
  })
  return {
    channel: 'device',
    when: o.when,
    to: (params, c) => o.command(params as P, c),
    from: (reply) =>
      readOperation(reply, { refused: o.refused, result: o.result as ((c: JsonObject) => Json) | undefined }),
    examples: d.examples.map((e): RowExample => {
      const command = o.command(e.params, blank)
      return {
        in: e.params as JsonObject,
        wire: command,
        replies: [
          { reply: done(command), outcome: { state: 'completed', result: (o.result?.(command) ?? {}) as Json } },
          { reply: { ...done(command), done: false }, outcome: { state: 'acknowledged' } },
          {
            reply: { ...done({ ...command, errorCode: 'API_LEVEL' }), error: { code: 3, message: 'too old' } },
            outcome: { state: 'failed', reason: { code: 'api-level', text: errors.API_LEVEL ?? '' } },
          },
        ],
      }
    }),
  }
}

const blank: ChannelDetail = {
  no: 0,
  device: '',
  platform: 'android',
  epoch: 1,
  name: 'device',
  lifecycle: 'active',
  blocked: false,
  ownership: 'cope',
  facts: {},
  variables: {},
  push: null,
  state: null,
}

const errors: Readonly<Record<string, string>> = {
  API_LEVEL: 'The Android version of the device does not know this command.',
  MANAGEMENT_MODE: 'This command is not possible in the way the device is managed.',
  INVALID_VALUE: 'The device takes a value of the command for invalid.',
  UNSUPPORTED: 'The device does not support this command.',
  UNKNOWN: 'The device could not do it, and Google does not say why.',
}
/** google.rpc.Code of operations that nobody carried out. */
const ended: Readonly<Record<number, Reason>> = {
  1: { code: 'cancelled', text: 'It was cancelled at Google.' },
  4: { code: 'expired', text: 'The device did not fetch it in time.' },
}

/** Total: google.longrunning.Operation, whose metadata is the command as Google knows it. */
function readOperation(
  reply: Json,
  o: { refused?(c: JsonObject): Reason | 'fulfilled' | undefined; result?(c: JsonObject): Json } = {},
): Outcome {
  const operation = objectOf(reply)
  if (!operation || typeof operation.name !== 'string')
    return { state: 'unreadable', reason: { code: 'unreadable', text: 'It is no operation of Google’s.' } }
  if (operation.done !== true) return { state: 'acknowledged' }
  const command = objectOf(operation.metadata) ?? objectOf(operation.response) ?? {}
  // As Google has it (Command.errorCode): the command's own status first, then the code, then the error.
  const reason = o.refused?.(command) ?? errorOf(operation, command)
  if (reason && reason !== 'fulfilled') return { state: 'failed', reason }
  return { state: 'completed', result: o.result?.(command) ?? {} }
}

function errorOf(operation: JsonObject, command: JsonObject): Reason | undefined {
  const code = command.errorCode
  if (typeof code === 'string' && code !== 'COMMAND_ERROR_CODE_UNSPECIFIED' && code !== '') {
    const known = Object.hasOwn(errors, code)
    return {
      code: known ? code.toLowerCase().replaceAll('_', '-') : 'google-error',
      text: errors[known ? code : 'UNKNOWN'] ?? '',
    }
  }
  const error = objectOf(operation.error)
  if (!error) return undefined
  const text = typeof error.message === 'string' ? error.message.slice(0, 500) : ''
  return ended[Number(error.code)] ?? { code: 'google-error', text: `Google says: ${text || 'no reason'}` }
}
