/** Who may act as another user by sudo. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'
import { said } from '../language.ts'

const account = /^[a-z_][a-z0-9_.-]{0,31}$/
/** No wildcards, no patterns, no escapes: a rule means the words that it says. */
const command = /^(ALL|\/[A-Za-z0-9_+-][A-Za-z0-9_./+-]*( [A-Za-z0-9_./+@:=-]+)*)$/

const rule = z
  .object({
    who: z
      .string()
      .max(33)
      .regex(/^%?[a-z_][a-z0-9_.-]{0,31}$/, 'is no user, nor a group with % before it')
      .meta(said('User, or %group', 'Benutzer, oder %Gruppe', { en: 'Who', de: 'Wer' })),
    as: z
      .string()
      .max(32)
      .refine((name) => name === 'ALL' || account.test(name), 'is no user, nor ALL')
      .default('root')
      .meta(
        said('User they may act as, or ALL', 'Benutzer, als der sie handeln dürfen, oder ALL', {
          en: 'Run as',
          de: 'Ausführen als',
        }),
      ),
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
      .meta(
        said(
          'Absolute paths, with their arguments if only these are meant, or ALL',
          'Absolute Pfade, mit Argumenten, wenn nur diese gemeint sind, oder ALL',
          { en: 'Commands', de: 'Befehle' },
        ),
      ),
    password: z
      .boolean()
      .default(true)
      .meta(said('Their own password is asked for', 'Ihr eigenes Passwort wird verlangt')),
  })
  .strict()

export const linuxSudoers = feature({
  id: 'linux.sudoers',
  title: { en: 'Administrator rights (sudo)', de: 'Administratorrechte (sudo)' },
  summary: {
    en: 'Rules that join those of the device. What the device grants by itself is not taken away.',
    de: 'Regeln, die zu denen des Geräts hinzukommen. Was das Gerät selbst gewährt, wird nicht genommen.',
  },
  settings: () => z.object({ rules: z.array(rule).min(1).max(100).meta(said('Rules', 'Regeln')) }).strict(),
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
