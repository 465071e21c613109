/** What only Samsung devices can do, by Samsung Knox; each names the licence that it needs. */
import { z } from 'zod'
import { androidPackage } from '../android-words.ts'
import { feature } from '../descriptors.ts'
import { isCidr } from './addresses.ts'

export const androidKnoxRestrictions = feature({
  id: 'android.knox.restrictions',
  title: { en: 'Samsung restrictions', de: 'Samsung-Einschränkungen' },
  summary: {
    en: 'What users of Samsung devices cannot do beside Android’s own restrictions. Licence: Knox Platform for Enterprise.',
    de: 'Was Benutzer von Samsung-Geräten über die Einschränkungen von Android hinaus nicht können. Lizenz: Knox Platform for Enterprise.',
  },
  settings: () =>
    z
      .object({
        powerOff: z.boolean().optional().describe('Turn the device off'),
        usbHostStorage: z.boolean().optional().describe('Use sticks and disks on USB'),
        firmwareRecovery: z.boolean().optional().describe('Install firmware by a cable (download mode)'),
        otaUpgrade: z.boolean().optional().describe('Fetch updates of the system'),
        clipboardShare: z.boolean().optional().describe('Share the clipboard between apps'),
        wifiDirect: z.boolean().optional().describe('Use Wi-Fi Direct'),
        multiWindow: z.boolean().optional().describe('Show two apps side by side'),
        svoice: z.boolean().optional().describe('Use the voice assistant of Samsung'),
      })
      .strict()
      .refine((s) => Object.values(s).some((v) => v === true), { message: 'set at least one' }),
  merge: { rule: 'priority' },
  examples: [{ powerOff: true, firmwareRecovery: true }],
})

export const androidKnoxFirewall = feature({
  id: 'android.knox.firewall',
  title: { en: 'Samsung firewall', de: 'Samsung-Firewall' },
  summary: {
    en: 'Which networks apps of a Samsung device may reach. Licence: Knox Platform for Enterprise.',
    de: 'Welche Netzwerke die Apps eines Samsung-Geräts erreichen dürfen. Lizenz: Knox Platform for Enterprise.',
  },
  settings: () =>
    z
      .object({
        rules: z
          .array(
            z
              .object({
                action: z.enum(['allow', 'deny']).describe('Let through, or not'),
                network: z.string().max(64).refine(isCidr, 'is no network, such as 10.0.0.0/8').describe('Network'),
                ports: z
                  .string()
                  .regex(/^(\*|\d{1,5}(-\d{1,5})?)$/, 'is no port, range or *')
                  .default('*')
                  .describe('Port, range, or *'),
                app: androidPackage.optional().describe('One app; without it all'),
              })
              .strict(),
          )
          .min(1)
          .max(200)
          .describe('Rules; the first that fits decides'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ rules: [{ action: 'deny', network: '10.0.0.0/8', ports: '22', app: 'com.example.game' }] }],
})

export const androidKnoxKeys = feature({
  id: 'android.knox.keys',
  title: { en: 'Samsung hardware keys', de: 'Samsung-Hardwaretasten' },
  summary: {
    en: 'Keys of rugged Samsung devices that start an app, or do nothing. Licence: Knox Platform for Enterprise.',
    de: 'Tasten robuster Samsung-Geräte, die eine App starten oder nichts tun. Lizenz: Knox Platform for Enterprise.',
  },
  settings: () =>
    z
      .object({
        keys: z
          .array(
            z
              .object({
                key: z
                  .enum(['active', 'top', 'power', 'volume-up', 'volume-down', 'home', 'back', 'recents'])
                  .describe('Key'),
                action: z.enum(['app', 'nothing']).describe('What it does'),
                app: androidPackage.optional().describe('The app (app)'),
              })
              .strict()
              .refine((k) => k.action !== 'app' || k.app !== undefined, { path: ['app'], message: 'is needed' }),
          )
          .min(1)
          .max(8)
          .describe('Keys'),
      })
      .strict()
      .refine((s) => new Set(s.keys.map((k) => k.key)).size === s.keys.length, {
        path: ['keys'],
        message: 'names one twice',
      }),
  merge: { rule: 'priority' },
  examples: [{ keys: [{ key: 'active', action: 'app', app: 'com.example.scanner' }] }],
})
