/** The password or passcode rule, authored once for every platform. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'

export const passcode = feature({
  id: 'passcode',
  title: 'Password rules',
  summary: 'How long and how varied passwords must be, how long they last, and when repeated failures lock.',
  settings: () =>
    z
      .object({
        minLength: z.number().int().min(4).max(64).default(8).describe('Minimum length'),
        minClasses: z
          .number()
          .int()
          .min(1)
          .max(4)
          .default(1)
          .describe('Kinds of characters required (lower, upper, digit, other)'),
        maxAgeDays: z.number().int().min(0).max(730).default(0).describe('Days until it must be changed (0: never)'),
        history: z.number().int().min(0).max(50).default(0).describe('Former passwords that may not be used again'),
        maxFailedAttempts: z
          .number()
          .int()
          .min(0)
          .max(20)
          .default(0)
          .describe('Failures until the account locks (0: never)'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ minLength: 12, minClasses: 3, maxAgeDays: 90, history: 5, maxFailedAttempts: 5 }],
})
