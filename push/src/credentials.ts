/** What push services know us by, asked of the platforms and kept for a minute: a renewed one is used without a restart. */
import type { Credential, PushPorts } from '@muster/contract'

const keptMs = 60_000
/** One that was missing is looked for sooner: somebody may be setting it up. */
const missingMs = 10_000

export type Credentials = (platform: string, name: string) => Promise<Credential | undefined>

export function createCredentials(o: { ask: PushPorts['credential']; now(): number }): Credentials {
  const kept = new Map<string, { until: number; found: Promise<Credential | undefined> }>()
  return (platform, name) => {
    const key = `${platform} ${name}`
    const known = kept.get(key)
    if (known && known.until > o.now()) return known.found
    const found = o.ask(platform, name)
    const entry = { until: o.now() + keptMs, found }
    kept.set(key, entry)
    found.then(
      (credential) => {
        if (!credential) entry.until = Math.min(entry.until, o.now() + missingMs)
      },
      () => {
        if (kept.get(key) === entry) kept.delete(key)
      },
    )
    return found
  }
}
