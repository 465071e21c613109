/** Packages that must or must not be there. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'
import { packageName } from '../package-name.ts'

const names = z.array(packageName).max(200).default([])

export const linuxPackages = feature({
  id: 'linux.packages',
  title: 'Packages',
  summary: 'Software that is installed when it is missing, and removed when it is there (apt).',
  settings: () =>
    z
      .object({
        required: names.describe('Must be installed'),
        forbidden: names.describe('Must not be installed'),
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
