/** Web apps: pages that stand among the apps of a device. Google makes a package of each; the policy document then installs it. */
import { canonical, type Json, type JsonObject, type PlatformHost } from '@muster/contract'
import { objectsOf } from '../documents/index.ts'
import type { Connection } from './connection.ts'
import { GoogleError } from './errors.ts'
import { icon } from './icon.ts'
import { hashOf } from './store.ts'

export interface WebApps {
  /** A document in which each of `webApps` has become an application. Throws GoogleError. */
  resolve(document: JsonObject): Promise<JsonObject>
}

export function createWebApps(host: PlatformHost, connection: Connection): WebApps {
  const making = new Map<string, Promise<string>>()

  /** The package of this page; made at Google when it is new. */
  async function packageOf(app: JsonObject): Promise<string> {
    const { name } = await connection.bound()
    const hash = hashOf(canonical([name, app]))
    const [known] = await host.sql<{ package: string }>`select package from web_app where hash = ${hash}`
    if (known) return known.package
    const made = await connection.api({
      method: 'POST',
      path: `v1/${name}/webApps`,
      body: { ...app, icons: [{ imageData: icon() }] },
    })
    const found = /\/webApps\/([\w.]{1,250})$/.exec(String(made.name))?.[1]
    if (!found) throw new GoogleError('away', 'the answer names no web app')
    await host.sql`insert into web_app (hash, package) values (${hash}, ${found}) on conflict (hash) do nothing`
    return found
  }
  function once(app: JsonObject): Promise<string> {
    const key = canonical(app)
    const known = making.get(key)
    if (known) return known
    const now = packageOf(app).finally(() => making.delete(key))
    making.set(key, now)
    return now
  }
  return {
    resolve: async ({ webApps, ...document }) => {
      if (!Array.isArray(webApps) || webApps.length === 0) return document
      const packages: Json[] = []
      for (const app of objectsOf(webApps))
        packages.push({ packageName: await once(app), installType: 'FORCE_INSTALLED' })
      const others = Array.isArray(document.applications) ? document.applications : []
      return { ...document, applications: [...others, ...packages] }
    },
  }
}
