/** A WireGuard tunnel of Linux devices. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'
import { said } from '../language.ts'
import { interfaceAddress, isAddress, network } from './addresses.ts'

/** 32 bytes in base64. */
const key = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'is no WireGuard key (32 bytes in base64)')
const peer = z
  .object({
    publicKey: key.meta(said('Public key of the other side', 'Öffentlicher Schlüssel der Gegenstelle')),
    endpoint: z
      .string()
      .max(262)
      .regex(/^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/, 'is no host:port')
      .refine((e) => {
        const n = Number(e.slice(e.lastIndexOf(':') + 1))
        return n >= 1 && n <= 65_535
      }, 'has no port from 1 to 65535')
      .optional()
      .meta(said('Where it is, host:port', 'Wo sie ist, host:port', { en: 'Endpoint', de: 'Endpunkt' })),
    allowedIps: z.array(network).min(1).max(100).meta(said('Networks behind it', 'Netze dahinter')),
    keepaliveS: z
      .number()
      .int()
      .min(0)
      .max(65_535)
      .default(0)
      .meta(said('Seconds between signs of life (0: none)', 'Sekunden zwischen Lebenszeichen (0: keine)')),
  })
  .strict()

export const linuxWireguard = feature({
  id: 'linux.wireguard',
  title: { en: 'VPN (WireGuard)', de: 'VPN (WireGuard)' },
  summary: {
    en: 'A tunnel that is up as long as the device is. Without a private key the device makes its own, keeps it, and reports the public one.',
    de: 'Ein Tunnel, der so lange steht, wie das Gerät läuft. Ohne privaten Schlüssel erzeugt das Gerät einen eigenen, behält ihn und meldet den öffentlichen.',
  },
  secret: ['privateKey', 'presharedKey'],
  settings: () =>
    z
      .object({
        name: z
          .string()
          .regex(/^[a-z][a-z0-9_-]{0,14}$/, 'is no interface name: a to z, 0 to 9, _ and -, at most 15')
          .default('muster0')
          .meta(said('Name of the interface', 'Name der Schnittstelle')),
        addresses: z
          .array(interfaceAddress)
          .min(1)
          .max(8)
          .meta(
            said(
              'Own addresses, such as 10.8.0.7/24 or {{vpn.address}}',
              'Eigene Adressen, etwa 10.8.0.7/24 oder {{vpn.address}}',
              { en: 'Addresses', de: 'Adressen' },
            ),
          ),
        privateKey: key
          .optional()
          .meta(
            said(
              'Private key (absent: the device makes its own)',
              'Privater Schlüssel (ohne: das Gerät erzeugt einen eigenen)',
            ),
          ),
        presharedKey: key
          .optional()
          .meta(said('Key shared with all peers', 'Mit allen Gegenstellen geteilter Schlüssel')),
        listenPort: z.number().int().min(1).max(65_535).optional().meta(said('Port to listen at', 'Port zum Lauschen')),
        mtu: z.number().int().min(576).max(9200).optional().meta(said('Largest packet', 'Größtes Paket')),
        dns: z
          .array(z.string().max(64).refine(isAddress, 'is no address'))
          .max(4)
          .default([])
          .meta(said('Name servers while it is up', 'Namensserver bei bestehendem Tunnel')),
        peers: z.array(peer).min(1).max(20).meta(said('Other sides', 'Gegenstellen')),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [
    {
      name: 'muster0',
      addresses: ['10.8.0.7/24', 'fd00:8::7/64'],
      dns: ['10.8.0.1'],
      mtu: 1420,
      peers: [
        {
          publicKey: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=',
          endpoint: 'vpn.example.com:51820',
          allowedIps: ['10.0.0.0/8', 'fd00::/8'],
          keepaliveS: 25,
        },
      ],
    },
  ],
})
