/** A Wi-Fi network of Linux devices. */
import { z } from 'zod'
import { certificatePem } from '../certificate-pem.ts'
import { feature } from '../descriptors.ts'
import { oneLine } from './addresses.ts'

export const linuxWifi = feature({
  id: 'linux.wifi',
  title: 'Wi-Fi',
  summary: 'A network that the device joins by itself (NetworkManager).',
  secret: ['passphrase', 'password'],
  settings: () =>
    z
      .object({
        ssid: oneLine(32).min(1).describe('Name of the network (SSID)'),
        hidden: z.boolean().default(false).describe('The network does not tell its name'),
        autoconnect: z.boolean().default(true).describe('Join it by itself'),
        security: z.enum(['open', 'wpa-psk', 'wpa-eap']).default('wpa-psk').describe('Protection'),
        passphrase: z
          .string()
          .regex(/^([\x20-\x7e]{8,63}|[0-9A-Fa-f]{64})$/, 'has 8 to 63 characters of ASCII, or 64 hexadecimal digits')
          .optional()
          .describe('Passphrase (wpa-psk)'),
        eap: z.enum(['peap', 'ttls']).default('peap').describe('Way to sign in (wpa-eap)'),
        identity: oneLine(200).optional().describe('User name (wpa-eap), such as {{user.name}}'),
        anonymousIdentity: oneLine(200).optional().describe('Name shown outside the tunnel (wpa-eap)'),
        password: oneLine(200).optional().describe('Password (wpa-eap); without one the device asks its user'),
        domain: z
          .string()
          .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, 'is no domain name')
          .optional()
          .describe('Domain that the network’s certificate must be for (wpa-eap)'),
        caCertificate: certificatePem.optional().describe('Authority of the network’s certificate, PEM (wpa-eap)'),
      })
      .strict()
      .refine((s) => s.security !== 'wpa-eap' || s.identity !== undefined, {
        path: ['identity'],
        message: 'is needed for wpa-eap',
      })
      .refine((s) => new TextEncoder().encode(s.ssid).length <= 32, {
        path: ['ssid'],
        message: 'is longer than 32 bytes',
      }),
  merge: { rule: 'priority' },
  examples: [
    {
      ssid: 'Office',
      hidden: false,
      autoconnect: true,
      security: 'wpa-psk',
      eap: 'peap',
      passphrase: 'correct horse battery',
    },
    {
      ssid: 'Büro 2; hinten',
      hidden: true,
      autoconnect: true,
      security: 'wpa-eap',
      eap: 'ttls',
      identity: 'anna',
      anonymousIdentity: 'anonymous',
      domain: 'radius.example.com',
      password: ' with \\ and ; ',
    },
  ],
})
