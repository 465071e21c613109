/** The screen lock of Linux desktops. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'

export const linuxScreenLock = feature({
  id: 'linux.screenLock',
  title: 'Screen lock',
  summary:
    'When a desktop that nobody uses locks itself (GNOME and desktops that keep its settings). Users cannot change it.',
  settings: () =>
    z
      .object({
        idleDelayS: z
          .number()
          .int()
          .min(15)
          .max(7200)
          .default(300)
          .describe('Seconds without use until the screen goes dark'),
        lockDelayS: z.number().int().min(0).max(3600).default(0).describe('Seconds from dark to locked'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ idleDelayS: 300, lockDelayS: 5 }],
})
