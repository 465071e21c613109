/** One operation of one device, as timelines and activities show it. */
import { finalStates, openStates } from '@muster/core'
import { z } from 'zod'
import { Json, JsonObject, Reason, time, word } from './shapes.ts'

export const operationState = z.enum([...openStates, ...finalStates])
export const OperationRecord = z
  .object({
    id: z.string(),
    activity: z.string(),
    operation: z.string(),
    title: z.string(),
    device: z.string(),
    deviceName: z.string(),
    channel: z.string(),
    state: word(operationState.options),
    approval: z.literal('waiting').nullable().describe('It stands until a second administrator approves it'),
    cancelling: z
      .boolean()
      .describe('Asked to stop after it was handed over: it ends by report, or as outcome unknown'),
    reason: Reason.nullable(),
    attempts: z.int(),
    actor: z.string(),
    createdAt: time(),
    updatedAt: time(),
    deadline: time(),
    params: JsonObject.describe('Secrets are masked'),
    result: Json,
  })
  .meta({ id: 'Operation', description: 'One operation of one device, open or settled' })
