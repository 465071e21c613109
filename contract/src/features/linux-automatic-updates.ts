/** Automatic updates of Debian's family. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'
import { said } from '../language.ts'

export const linuxAutomaticUpdates = feature({
  id: 'linux.automaticUpdates',
  title: { en: 'Automatic updates', de: 'Automatische Updates' },
  summary: {
    en: 'Package updates that are installed every day without anybody asking (unattended-upgrades).',
    de: 'Paketupdates, die täglich ohne Nachfrage installiert werden (unattended-upgrades).',
  },
  settings: () =>
    z
      .object({
        enabled: z
          .boolean()
          .default(true)
          .meta(said('Install updates by themselves', 'Updates von selbst installieren')),
        scope: z
          .enum(['security', 'all'])
          .default('security')
          .meta(
            said(
              'Security updates alone, or all of every source',
              'Nur Sicherheitsupdates, oder alle aus jeder Quelle',
              { en: 'From', de: 'Quellen' },
            ),
          ),
        reboot: z
          .boolean()
          .default(false)
          .meta(
            said('Restart the device when an update asks for it', 'Neustart des Geräts auf Verlangen eines Updates'),
          ),
        rebootTime: z
          .string()
          .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is no time of day, such as 02:00')
          .default('02:00')
          .meta(said('Time of the restart (device time, HH:MM)', 'Uhrzeit des Neustarts (Zeit des Geräts, HH:MM)')),
        removeUnused: z
          .boolean()
          .default(false)
          .meta(said('Remove packages that nothing needs any more', 'Nicht mehr gebrauchte Pakete entfernen')),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [
    { enabled: true, scope: 'security', reboot: true, rebootTime: '03:30', removeUnused: true },
    { enabled: false, scope: 'security', reboot: false, rebootTime: '02:00', removeUnused: false },
  ],
})
