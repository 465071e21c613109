/** Who may act as another user by sudo. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'

const account = /^[a-z_][a-z0-9_.-]{0,31}$/
/** No wildcards, no patterns, no escapes: a rule means the words that it says. */
const command = /^(ALL|\/[A-Za-z0-9_+-][A-Za-z0-9_./+-]*( [A-Za-z0-9_./+@:=-]+)*)$/

const rule = z
  .object({
    who: z
      .string()
      .max(33)
      .regex(/^%?[a-z_][a-z0-9_.-]{0,31}$/, 'is no user, nor a group with % before it')
      .describe('User, or %group'),
    as: z
      .string()
      .max(32)
      .refine((name) => name === 'ALL' || account.test(name), 'is no user, nor ALL')
      .default('root')
      .describe('User they may act as, or ALL'),
    commands: z
      .array(
        z
          .string()
          .max(500)
          .regex(command, 'is neither ALL nor an absolute path with plain arguments')
          .refine((c) => !/(^|[/ ])\.\.?(\/|$| )/.test(c), 'has . or .. in its path'),
      )
      .min(1)
      .max(50)
      .describe('Absolute paths, with their arguments if only these are meant, or ALL'),
    password: z.boolean().default(true).describe('Their own password is asked for'),
  })
  .strict()

export const linuxSudoers = feature({
  id: 'linux.sudoers',
  title: 'Administrator rights (sudo)',
  summary: 'Rules that join those of the device. What the device grants by itself is not taken away.',
  settings: () => z.object({ rules: z.array(rule).min(1).max(100).describe('Rules') }).strict(),
  merge: { rule: 'union', lists: ['rules'] },
  examples: [
    {
      rules: [
        { who: '%helpdesk', as: 'root', commands: ['/usr/bin/systemctl restart cups.service'], password: false },
        { who: 'anna', as: 'ALL', commands: ['ALL'], password: true },
      ],
    },
  ],
})
