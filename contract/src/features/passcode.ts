/** The password or passcode rule, authored once for every platform. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'
import { said } from '../language.ts'

export const passcode = feature({
  id: 'passcode',
  title: { en: 'Password rules', de: 'Passwortregeln' },
  summary: {
    en: 'How long and how varied passwords must be, how long they last, and when repeated failures lock.',
    de: 'Wie lang und wie vielfältig Passwörter sein müssen, wie lange sie gelten und wann wiederholte Fehler sperren.',
  },
  settings: () =>
    z
      .object({
        minLength: z.number().int().min(4).max(64).default(8).meta(said('Minimum length', 'Mindestlänge')),
        minClasses: z
          .number()
          .int()
          .min(1)
          .max(4)
          .default(1)
          .meta(
            said(
              'Kinds of characters required (lower, upper, digit, other)',
              'Verlangte Arten von Zeichen (klein, groß, Ziffer, andere)',
            ),
          ),
        maxAgeDays: z
          .number()
          .int()
          .min(0)
          .max(730)
          .default(0)
          .meta(said('Days until it must be changed (0: never)', 'Tage bis zur nötigen Änderung (0: nie)')),
        history: z
          .number()
          .int()
          .min(0)
          .max(50)
          .default(0)
          .meta(said('Former passwords that may not be used again', 'Frühere Passwörter ohne Wiederverwendung')),
        maxFailedAttempts: z
          .number()
          .int()
          .min(0)
          .max(20)
          .default(0)
          .meta(said('Failures until the account locks (0: never)', 'Fehlversuche bis zur Sperre des Kontos (0: nie)')),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ minLength: 12, minClasses: 3, maxAgeDays: 90, history: 5, maxFailedAttempts: 5 }],
})
