/** Automatic updates of Debian's family. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'

export const linuxAutomaticUpdates = feature({
  id: 'linux.automaticUpdates',
  title: 'Automatic updates',
  summary: 'Package updates that are installed every day without anybody asking (unattended-upgrades).',
  settings: () =>
    z
      .object({
        enabled: z.boolean().default(true).describe('Install updates by themselves'),
        scope: z
          .enum(['security', 'all'])
          .default('security')
          .describe('Security updates alone, or all of every source'),
        reboot: z.boolean().default(false).describe('Restart the device when an update asks for it'),
        rebootTime: z
          .string()
          .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is no time of day, such as 02:00')
          .default('02:00')
          .describe('Time of the restart (device time, HH:MM)'),
        removeUnused: z.boolean().default(false).describe('Remove packages that nothing needs any more'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [
    { enabled: true, scope: 'security', reboot: true, rebootTime: '03:30', removeUnused: true },
    { enabled: false, scope: 'security', reboot: false, rebootTime: '02:00', removeUnused: false },
  ],
})
