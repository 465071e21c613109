/** Every policy feature that the agent can keep true, by id. */
import type { JsonObject } from '@muster/contract'
import type { Tree } from '../tree.ts'
import type { Feature } from './feature.ts'
import { banner } from './linux-banner.ts'
import { ssh } from './linux-ssh.ts'
import type { Originals } from './originals.ts'
import { passcode } from './passcode.ts'

export type { Feature, Machine } from './feature.ts'
export { type Originals, openOriginals } from './originals.ts'

export const features: ReadonlyMap<string, Feature> = new Map([banner, ssh, passcode].map((f) => [f.id, f]))

/** Facts `managed.<id>`: what is in force now. `placed`: through us. A feature that cannot be looked at says so instead of hiding the others. */
export function evidence(
  tree: Tree,
  originals: Originals,
  observed?: Readonly<Record<string, JsonObject>>,
): JsonObject {
  const facts: JsonObject = {}
  for (const f of features.values()) {
    try {
      facts[`managed.${f.id}`] = { placed: originals.placed(f.id), ...f.check(tree, originals), ...observed?.[f.id] }
    } catch (error) {
      facts[`managed.${f.id}`] = {
        placed: originals.placed(f.id),
        unreadable: error instanceof Error ? error.message.slice(0, 300) : 'unknown',
      }
    }
  }
  return facts
}
