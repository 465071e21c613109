/** A Wi-Fi network of Linux devices. */
import { z } from 'zod'
import { certificatePem } from '../certificate-pem.ts'
import { feature } from '../descriptors.ts'
import { said } from '../language.ts'
import { oneLine } from './addresses.ts'

export const linuxWifi = feature({
  id: 'linux.wifi',
  title: { en: 'Wi-Fi', de: 'WLAN' },
  summary: {
    en: 'A network that the device joins by itself (NetworkManager).',
    de: 'Ein Netzwerk, dem das Gerät von selbst beitritt (NetworkManager).',
  },
  secret: ['passphrase', 'password'],
  settings: () =>
    z
      .object({
        ssid: oneLine(32).min(1).meta(said('Name of the network (SSID)', 'Name des Netzwerks (SSID)')),
        hidden: z
          .boolean()
          .default(false)
          .meta(said('The network does not tell its name', 'Das Netzwerk nennt seinen Namen nicht')),
        autoconnect: z.boolean().default(true).meta(said('Join it by itself', 'Von selbst beitreten')),
        security: z.enum(['open', 'wpa-psk', 'wpa-eap']).default('wpa-psk').meta(said('Protection', 'Schutz')),
        passphrase: z
          .string()
          .regex(/^([\x20-\x7e]{8,63}|[0-9A-Fa-f]{64})$/, 'has 8 to 63 characters of ASCII, or 64 hexadecimal digits')
          .optional()
          .meta(said('Passphrase (wpa-psk)', 'Passwort des Netzwerks (wpa-psk)')),
        eap: z
          .enum(['peap', 'ttls'])
          .default('peap')
          .meta(said('Way to sign in (wpa-eap)', 'Art der Anmeldung (wpa-eap)')),
        identity: oneLine(200)
          .optional()
          .meta(
            said('User name (wpa-eap), such as {{user.name}}', 'Benutzername (wpa-eap), etwa {{user.name}}', {
              en: 'Identity',
              de: 'Identität',
            }),
          ),
        anonymousIdentity: oneLine(200)
          .optional()
          .meta(said('Name shown outside the tunnel (wpa-eap)', 'Name außerhalb des Tunnels (wpa-eap)')),
        password: oneLine(200)
          .optional()
          .meta(
            said(
              'Password (wpa-eap); without one the device asks its user',
              'Passwort (wpa-eap); ohne eines fragt das Gerät die Person',
              { en: 'Password', de: 'Passwort' },
            ),
          ),
        domain: z
          .string()
          .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, 'is no domain name')
          .optional()
          .meta(
            said(
              'Domain that the network’s certificate must be for (wpa-eap)',
              'Domain im Zertifikat des Netzwerks (wpa-eap)',
            ),
          ),
        caCertificate: certificatePem
          .optional()
          .meta(
            said(
              'Authority of the network’s certificate, PEM (wpa-eap)',
              'Zertifizierungsstelle des Netzwerks, PEM (wpa-eap)',
              { en: 'Authority', de: 'Zertifizierungsstelle' },
            ),
          ),
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
