/** For `node --test --test-global-setup`: one PostgreSQL and one migrated template for the whole run. */
import { ensureTemplate, serverVariable } from './database.ts'
import { startTestServer } from './embedded.ts'

let stop: (() => Promise<void>) | undefined

export async function globalSetup() {
  let url = process.env[serverVariable]
  if (!url) {
    const server = await startTestServer()
    stop = server.stop
    url = server.url
  }
  await ensureTemplate(url)
  process.env[serverVariable] = url
}

export async function globalTeardown() {
  await stop?.()
}
