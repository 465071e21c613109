/** A process of its own for the tests of the embedded database: opens the folder given, says what came of it, and stays. */
import { openDb } from './index.ts'

const [dataDir = ''] = process.argv.slice(2)
const quiet = () => undefined
try {
  const db = await openDb({ dataDir, log: { info: quiet, warn: quiet, error: quiet } })
  await db.query({
    text: 'CREATE SCHEMA IF NOT EXISTS muster; CREATE TABLE IF NOT EXISTS kept (no int); INSERT INTO kept VALUES (1)',
  })
  process.stdout.write(`open ${db.url}\n`)
} catch (e) {
  process.stdout.write(`refused ${(e as { code?: string }).code} ${(e as Error).message}\n`)
}
