/** The door of downloads: the agent packages that this server offers, and how they are offered on the enrolment page. */
import { fileURLToPath } from 'node:url'
import type { AgentOffer } from '@muster/contract'
import type { Log } from '@muster/core'
import type { FastifyInstance } from 'fastify'
import { installCommand, type Place, packagesUrl } from './install-script.ts'
import { openPackages } from './packages.ts'
import { downloadRoutes } from './routes.ts'

export interface Downloads {
  routes(app: FastifyInstance): void
  /** Undefined: there is no package for this platform, or no safe way to fetch one. */
  offer(platform: string, code: string): Promise<AgentOffer | undefined>
}
/** Where `npm run package -w @muster/agent` leaves what it built. */
const builtHere = fileURLToPath(new URL('../../../agent/dist', import.meta.url))

export function createDownloads(
  o: Place & { folder?: string; log: Log; look(code: string): Promise<{ platform: string }> },
): Downloads {
  const folder = openPackages(o.folder ?? builtHere, o.log)
  const place: Place = { publicUrl: o.publicUrl, agentAddress: o.agentAddress }
  return {
    routes: (app) => downloadRoutes(app, { folder, place, look: o.look }),
    offer: async (platform, code) => {
      const packages = platform === 'linux' ? await folder.now() : undefined
      // People type blanks into codes; the shape without them is the one that was given out.
      const command = packages && installCommand(packages, place, code.replaceAll(/\s/g, ''))
      if (!packages || command === undefined) return undefined
      const { version, newest } = packages
      const files = newest.map(({ name, kind, processor, sha256 }) => ({ name, kind, processor, sha256 }))
      return { version, command, packages: files.map((f) => ({ ...f, url: `${packagesUrl(place)}/${f.name}` })) }
    },
  }
}
