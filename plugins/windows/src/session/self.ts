/** What a device says of itself as each session begins: the nodes below ./DevInfo (OMA DM 1.2, 8.3). */
import type { SyncMessage } from '../syncml/index.ts'
import type { Node } from '../wire/index.ts'

/** `text` is the same for the same nodes alone, whatever they hold. */
export function selfOf(m: SyncMessage): { nodes: Node[]; text: string } {
  const nodes: Node[] = []
  let text = ''
  for (const w of m.body) {
    if (w.kind !== 'command' || w.verb !== 'Replace') continue
    for (const { source, data = '' } of w.items) {
      if (!source?.startsWith('./DevInfo/')) continue
      nodes.push({ uri: source, data })
      text += `${source.length} ${source} ${data.length} ${data} `
    }
  }
  return { nodes, text }
}
