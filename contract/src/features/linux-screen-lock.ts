/** The screen lock of Linux desktops. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'
import { said } from '../language.ts'

export const linuxScreenLock = feature({
  id: 'linux.screenLock',
  title: { en: 'Screen lock', de: 'Bildschirmsperre' },
  summary: {
    en: 'When a desktop that nobody uses locks itself (GNOME and desktops that keep its settings). Users cannot change it.',
    de: 'Wann sich ein unbenutzter Desktop sperrt (GNOME und Desktops mit dessen Einstellungen). Benutzer können es nicht ändern.',
  },
  settings: () =>
    z
      .object({
        idleDelayS: z
          .number()
          .int()
          .min(15)
          .max(7200)
          .default(300)
          .meta(
            said('Seconds without use until the screen goes dark', 'Sekunden ohne Nutzung bis zum dunklen Bildschirm'),
          ),
        lockDelayS: z
          .number()
          .int()
          .min(0)
          .max(3600)
          .default(0)
          .meta(said('Seconds from dark to locked', 'Sekunden von dunkel bis gesperrt')),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ idleDelayS: 300, lockDelayS: 5 }],
})
