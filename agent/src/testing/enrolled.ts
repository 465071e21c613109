/** A device that is enrolled with a fake server, for tests. */
import type { TestContext } from 'node:test'
import { openPlace, runAgent } from '../agent.ts'
import type { Run } from '../commands.ts'
import { enrol } from '../enrol.ts'
import { createHttp } from '../http.ts'
import { fakeServer, testCode } from './fake-server.ts'
import { debianTree, noPrograms } from './fixtures.ts'

export async function enrolled(t: TestContext, o: { readOnly?: boolean; run?: Run; live?: boolean } = {}) {
  const server = await fakeServer(t)
  const root = debianTree(t)
  const found = openPlace(root)
  const place = { ...found, tree: { ...found.tree, live: o.live ?? false } }
  const link = { server: server.url }
  const http = createHttp(link, '0.1.0')
  await enrol({
    folder: place.folder,
    http,
    link,
    code: testCode,
    readOnly: o.readOnly ?? false,
    asker: { licence: async () => true, ownership: async () => true },
    facts: () => ({}),
    identifiers: [],
    tell: () => undefined,
  })
  http.close()
  const log: string[] = []
  const options = { ...place, log: (text: string) => log.push(text), run: o.run ?? noPrograms }
  return { server, root, place, log, options, once: () => runAgent(options, 'once') }
}
