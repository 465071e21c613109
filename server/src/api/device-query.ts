/** The query language over devices, as it stands in requests; `core/groups` checks and compiles it. */
import type { Query } from '@muster/core'
import { z } from 'zod'

const ref = { $ref: '#/components/schemas/DeviceQuery' }
const list = { type: 'array', items: ref, minItems: 1, maxItems: 100 }
/** Its depth and fields are judged by the core (`invalid-query` says where); here it only has to be an object. */
export const DeviceQueryExpression = (z.record(z.string(), z.unknown()) as unknown as z.ZodType<Query>).meta({
  id: 'DeviceQuery',
  description:
    'Conditions over facts (`os.version`) and device columns (`platform`, `ownership`, `model`, `name`, `encrypted`, ...)',
  anyOf: [
    { type: 'object', properties: { and: list }, required: ['and'], additionalProperties: false },
    { type: 'object', properties: { or: list }, required: ['or'], additionalProperties: false },
    { type: 'object', properties: { not: ref }, required: ['not'], additionalProperties: false },
    {
      type: 'object',
      properties: {
        field: { type: 'string' },
        op: { type: 'string', enum: ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'contains', 'in', 'exists'] },
        value: { $ref: '#/components/schemas/Json' },
      },
      required: ['field', 'op'],
      additionalProperties: false,
    },
  ],
})
