/** The firewall of Linux devices. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'
import { said } from '../language.ts'
import { network } from './addresses.ts'

const port = z.number().int().min(1).max(65_535)
const opening = z
  .object({
    protocol: z.enum(['tcp', 'udp']).default('tcp').meta(said('Protocol', 'Protokoll')),
    port: port.meta(
      said('Port, or the first of a range', 'Port, oder der erste eines Bereichs', { en: 'Port', de: 'Port' }),
    ),
    portEnd: port.optional().meta(said('Last port of a range', 'Letzter Port eines Bereichs')),
    from: z
      .array(network)
      .max(64)
      .default([])
      .meta(said('Networks that may connect (none: everybody)', 'Zugelassene Netze (keine: alle)')),
  })
  .strict()
  .refine((o) => o.portEnd === undefined || o.portEnd >= o.port, {
    path: ['portEnd'],
    message: 'is before the first port',
  })

export const linuxFirewall = feature({
  id: 'linux.firewall',
  title: { en: 'Firewall', de: 'Firewall' },
  summary: {
    en: 'Connections to the device are refused unless allowed here. Answers to its own connections, and so its way to this server, always pass.',
    de: 'Verbindungen zum Gerät werden abgewiesen, wenn sie hier nicht erlaubt sind. Antworten auf eigene Verbindungen, also auch der Weg zu diesem Server, gehen immer durch.',
  },
  settings: () =>
    z
      .object({
        allow: z.array(opening).max(200).default([]).meta(said('What may connect', 'Was sich verbinden darf')),
        ping: z.boolean().default(true).meta(said('Answer echo requests (ping)', 'Auf Echo-Anfragen antworten (Ping)')),
        logDenied: z
          .boolean()
          .default(false)
          .meta(
            said(
              'Write what is refused to the kernel log (at most 5 a minute)',
              'Abgewiesenes protokollieren (Kernel; höchstens 5 je Minute)',
            ),
          ),
      })
      .strict(),
  merge: { rule: 'union', lists: ['allow'] },
  examples: [
    {
      allow: [
        { protocol: 'tcp', port: 22, from: ['10.0.0.0/8', 'fd00::/8'] },
        { protocol: 'udp', port: 60_000, portEnd: 61_000, from: [] },
      ],
      ping: true,
      logDenied: false,
    },
    { allow: [], ping: false, logDenied: true },
  ],
})

/** Each opening for each network, as one line: `tcp 22 from 10.0.0.0/8`. Sorted, each once: what evidence and demand are compared by. */
export function firewallRules(settings: z.output<typeof linuxFirewall.settings>): string[] {
  const lines = settings.allow.flatMap(({ protocol, port: first, portEnd, from }) => {
    const ports = portEnd === undefined || portEnd === first ? String(first) : `${first}-${portEnd}`
    return from.length === 0
      ? [`${protocol} ${ports}`]
      : from.map((net) => `${protocol} ${ports} from ${net.toLowerCase()}`)
  })
  return [...new Set(lines)].sort()
}
