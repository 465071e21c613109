/** Devices within a Linux computer that a policy may shut off. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'
import { said } from '../language.ts'

export const linuxUsbStorage = feature({
  id: 'linux.usbStorage',
  title: { en: 'USB storage', de: 'USB-Speicher' },
  summary: {
    en: 'Whether sticks and disks on USB can be used. Keyboards, mice and other devices are not touched.',
    de: 'Ob Sticks und Platten an USB benutzt werden können. Tastaturen, Mäuse und andere Geräte bleiben unberührt.',
  },
  settings: () =>
    z
      .object({
        blocked: z.boolean().default(true).meta(said('USB storage cannot be used', 'USB-Speicher ist nicht nutzbar')),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ blocked: true }],
})

export const linuxCamera = feature({
  id: 'linux.camera',
  title: { en: 'Camera', de: 'Kamera' },
  summary: {
    en: 'Whether cameras on USB, as laptops have them built in, can be used.',
    de: 'Ob Kameras an USB, wie sie in Laptops eingebaut sind, benutzt werden können.',
  },
  settings: () =>
    z
      .object({ blocked: z.boolean().default(true).meta(said('Cameras cannot be used', 'Kameras sind nicht nutzbar')) })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ blocked: true }],
})
