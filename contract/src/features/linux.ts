/** Policy features of Linux. Words of server and agent alike; the Linux platform brings them, others need not know them. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'
import { said } from '../language.ts'

export const linuxBanner = feature({
  id: 'linux.banner',
  title: { en: 'Login banner', de: 'Anmeldehinweis' },
  summary: {
    en: 'The words that a person sees before or after signing in.',
    de: 'Die Worte, die man vor oder nach der Anmeldung sieht.',
  },
  settings: () =>
    z
      .object({
        // A backslash starts an escape of agetty in /etc/issue; control characters would reach the terminal.
        text: z
          .string()
          .min(1)
          .max(2000)
          .regex(/^[^\\\p{Cc}]*(\n[^\\\p{Cc}]*)*$/u, 'no backslash and no control character but line ends')
          .meta(said('Text of the banner', 'Text des Hinweises')),
        where: z
          .array(z.enum(['console', 'network', 'motd']))
          .min(1)
          .max(3)
          .default(['console', 'network'])
          .meta(
            said(
              'Local consoles, network logins, message of the day',
              'Lokale Konsolen, Anmeldungen über das Netz, Meldung des Tages',
              { en: 'Where', de: 'Wo' },
            ),
          ),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ text: 'Authorised use only.', where: ['console', 'network', 'motd'] }],
})
export const linuxSsh = feature({
  id: 'linux.ssh',
  title: { en: 'SSH hardening', de: 'SSH-Härtung' },
  summary: {
    en: 'How the SSH server lets people in. What is not set stays as the device has it.',
    de: 'Wie der SSH-Server Personen einlässt. Was nicht gesetzt ist, bleibt, wie das Gerät es hat.',
  },
  settings: () =>
    z
      .object({
        permitRootLogin: z
          .enum(['no', 'prohibit-password', 'yes'])
          .optional()
          .meta(said('Root may sign in', 'Root darf sich anmelden')),
        passwordAuthentication: z
          .boolean()
          .optional()
          .meta(said('Passwords are accepted', 'Passwörter werden angenommen')),
        permitEmptyPasswords: z
          .boolean()
          .optional()
          .meta(said('Empty passwords are accepted', 'Leere Passwörter werden angenommen')),
        maxAuthTries: z
          .number()
          .int()
          .min(1)
          .max(20)
          .optional()
          .meta(said('Attempts per connection', 'Versuche je Verbindung')),
        loginGraceTimeS: z
          .number()
          .int()
          .min(1)
          .max(600)
          .optional()
          .meta(said('Seconds to sign in', 'Sekunden zum Anmelden')),
        clientAliveIntervalS: z
          .number()
          .int()
          .min(0)
          .max(86_400)
          .optional()
          .meta(said('Seconds between signs of life (0: none)', 'Sekunden zwischen Lebenszeichen (0: keine)')),
        x11Forwarding: z.boolean().optional().meta(said('X11 forwarding', 'X11-Weiterleitung')),
        allowTcpForwarding: z.boolean().optional().meta(said('TCP forwarding', 'TCP-Weiterleitung')),
        banner: z
          .boolean()
          .optional()
          .meta(said('Show the network login banner', 'Anmeldehinweis über das Netz zeigen')),
      })
      .strict()
      .refine((s) => Object.values(s).some((v) => v !== undefined), 'set at least one'),
  merge: { rule: 'priority' },
  examples: [{ permitRootLogin: 'no', passwordAuthentication: false, maxAuthTries: 4, x11Forwarding: false }],
})
