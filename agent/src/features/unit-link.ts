/** Whether a service of systemd begins with the machine: a symbolic link, as systemctl enable makes it, so that it works in a mounted tree as well. */
import type { Tree } from '../tree.ts'
import type { Edit } from './originals.ts'

export interface UnitLink {
  readonly path: string
  readonly enabled: boolean
  /** None when it is enabled already, by others. `ours`: the link there is one that we made. */
  edits(ours: boolean): Edit[]
}

/** `unit` may be an instance of a template: `wg-quick@wg0.service`. No edits where there is no such service. */
export function unitLink(tree: Tree, unit: string, wantedBy: string): UnitLink {
  const path = `/etc/systemd/system/${wantedBy}/${unit}`
  const template = unit.replace(/@.*\./, '@.')
  const target = ['/usr/lib/systemd/system', '/lib/systemd/system']
    .map((f) => `${f}/${template}`)
    .find((f) => tree.exists(f))
  const enabled = tree.entry(path).kind === 'link'
  return {
    path,
    enabled,
    edits: (ours) => (target === undefined || (enabled && !ours) ? [] : [{ path, kind: 'link', target }]),
  }
}
