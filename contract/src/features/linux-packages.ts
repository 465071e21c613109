/** Packages that must or must not be there. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'
import { said } from '../language.ts'
import { packageName } from '../package-name.ts'

const names = z.array(packageName).max(200).default([])

export const linuxPackages = feature({
  id: 'linux.packages',
  title: { en: 'Packages', de: 'Pakete' },
  summary: {
    en: 'Software that is installed when it is missing, and removed when it is there (apt).',
    de: 'Software, die installiert wird, wenn sie fehlt, und entfernt, wenn sie da ist (apt).',
  },
  settings: () =>
    z
      .object({
        required: names.meta(said('Must be installed', 'Muss installiert sein')),
        forbidden: names.meta(said('Must not be installed', 'Darf nicht installiert sein')),
      })
      .strict()
      .refine((s) => s.required.length + s.forbidden.length > 0, 'name at least one package')
      .refine((s) => !s.required.some((name) => s.forbidden.includes(name)), {
        path: ['forbidden'],
        message: 'names a package that is required, too',
      }),
  merge: { rule: 'union', lists: ['required', 'forbidden'] },
  examples: [{ required: ['unattended-upgrades'], forbidden: ['telnetd'] }],
})
