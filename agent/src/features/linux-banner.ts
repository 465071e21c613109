/** Login banner: /etc/issue (local consoles), /etc/issue.net (network logins), /etc/motd (after signing in). */
import { linuxBanner } from '@muster/contract'
import type { Feature } from './feature.ts'
import { readSettings } from './settings.ts'

const files = { console: '/etc/issue', network: '/etc/issue.net', motd: '/etc/motd' } as const
type Place = keyof typeof files
const places = Object.keys(files) as Place[]
const shownLimit = 4096

export const banner: Feature = {
  id: linuxBanner.id,
  watches: Object.values(files),
  check: (tree) =>
    Object.fromEntries(places.map((place) => [place, tree.text(files[place])?.slice(0, shownLimit) ?? null])),
  async put(m, settings) {
    const { text, where } = readSettings(linuxBanner, settings)
    const chosen = places.filter((place) => where.includes(place))
    return {
      files: m.originals.change(
        linuxBanner.id,
        chosen.map((place) => ({ path: files[place], kind: 'whole', text: `${text.trimEnd()}\n` })),
      ),
    }
  },
  drop: async (m) => ({ files: m.originals.restore(linuxBanner.id) }),
}
