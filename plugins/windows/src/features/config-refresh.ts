/** Config refresh (DMClient CSP): Windows 11 itself writes the settings again that somebody changed, without asking this server. */
import { feature } from '@muster/contract'
import { wholeOr, yes } from '@muster/kit/words'
import { z } from 'zod'
import { providerId } from '../enrol/index.ts'
import { notHome } from './availability.ts'
import { csp } from './node.ts'
import { nodeFeature } from './row.ts'

const root = `${csp}/DMClient/Provider/${providerId}/ConfigRefresh`

export const configRefresh = nodeFeature(
  feature({
    id: 'windows.configRefresh',
    title: { en: 'Settings are kept (config refresh)', de: 'Einstellungen werden gehalten (Config Refresh)' },
    summary: {
      en: 'Windows itself writes policies again that somebody changed, also while the PC is offline. Only those of the Policy provider; the rest is found with the next inventory.',
      de: 'Windows schreibt selbst Richtlinien neu, die jemand geändert hat, auch ohne Verbindung. Nur die des Policy-Providers; alles andere zeigt das nächste Inventar.',
    },
    settings: () =>
      z.strictObject({
        on: yes('On'),
        minutes: wholeOr('Every (minutes)', 30, 1440, 90),
      }),
    merge: { rule: 'priority' },
    examples: [{ on: true, minutes: 60 }],
  }),
  {
    // 22621 with the updates of June 2024.
    to: { ...notHome, build: 22_621 },
    nodes: (s) => [
      { uri: `${root}/Cadence`, format: 'int', data: `${s.minutes}` },
      { uri: `${root}/Enabled`, format: 'bool', data: `${s.on}` },
    ],
  },
)
