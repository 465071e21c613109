/** Policy features of Linux. Words of server and agent alike; the Linux platform brings them, others need not know them. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'

export const linuxBanner = feature({
  id: 'linux.banner',
  title: 'Login banner',
  summary: 'The words that a person sees before or after signing in.',
  settings: () =>
    z
      .object({
        // A backslash starts an escape of agetty in /etc/issue; control characters would reach the terminal.
        text: z
          .string()
          .min(1)
          .max(2000)
          .regex(/^[^\\\p{Cc}]*(\n[^\\\p{Cc}]*)*$/u, 'no backslash and no control character but line ends')
          .describe('Text of the banner'),
        where: z
          .array(z.enum(['console', 'network', 'motd']))
          .min(1)
          .max(3)
          .default(['console', 'network'])
          .describe('Local consoles, network logins, message of the day'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ text: 'Authorised use only.', where: ['console', 'network', 'motd'] }],
})
export const linuxSsh = feature({
  id: 'linux.ssh',
  title: 'SSH hardening',
  summary: 'How the SSH server lets people in. What is not set stays as the device has it.',
  settings: () =>
    z
      .object({
        permitRootLogin: z.enum(['no', 'prohibit-password', 'yes']).optional().describe('Root may sign in'),
        passwordAuthentication: z.boolean().optional().describe('Passwords are accepted'),
        permitEmptyPasswords: z.boolean().optional().describe('Empty passwords are accepted'),
        maxAuthTries: z.number().int().min(1).max(20).optional().describe('Attempts per connection'),
        loginGraceTimeS: z.number().int().min(1).max(600).optional().describe('Seconds to sign in'),
        clientAliveIntervalS: z
          .number()
          .int()
          .min(0)
          .max(86_400)
          .optional()
          .describe('Seconds between signs of life (0: none)'),
        x11Forwarding: z.boolean().optional().describe('X11 forwarding'),
        allowTcpForwarding: z.boolean().optional().describe('TCP forwarding'),
        banner: z.boolean().optional().describe('Show the network login banner'),
      })
      .strict()
      .refine((s) => Object.values(s).some((v) => v !== undefined), 'set at least one'),
  merge: { rule: 'priority' },
  examples: [{ permitRootLogin: 'no', passwordAuthentication: false, maxAuthTries: 4, x11Forwarding: false }],
})
