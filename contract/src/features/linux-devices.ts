/** Devices within a Linux computer that a policy may shut off. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'

export const linuxUsbStorage = feature({
  id: 'linux.usbStorage',
  title: 'USB storage',
  summary: 'Whether sticks and disks on USB can be used. Keyboards, mice and other devices are not touched.',
  settings: () => z.object({ blocked: z.boolean().default(true).describe('USB storage cannot be used') }).strict(),
  merge: { rule: 'priority' },
  examples: [{ blocked: true }],
})

export const linuxCamera = feature({
  id: 'linux.camera',
  title: 'Camera',
  summary: 'Whether cameras on USB, as laptops have them built in, can be used.',
  settings: () => z.object({ blocked: z.boolean().default(true).describe('Cameras cannot be used') }).strict(),
  merge: { rule: 'priority' },
  examples: [{ blocked: true }],
})
