/** The examination: each check by itself, so that one that fails hides no other. */
import { join } from 'node:path'
import { DatabaseProblem, openDb } from '@muster/core'
import { createLog, type ServerOptions, version } from '@muster/server'
import { checkDatabase } from './database.ts'
import { type Finding, failed, ok } from './finding.ts'
import { checkFolders, checkKeys } from './folders.ts'
import { checkPort, usesPort } from './ports.ts'

export async function examine(o: ServerOptions): Promise<Finding[]> {
  const ports = [
    { name: 'http port', port: o.httpPort === undefined ? 8080 : o.httpPort, secure: false },
    { name: 'https port', port: o.httpsPort === undefined ? 8443 : o.httpsPort, secure: true },
  ].filter(usesPort)
  return [
    ok('version', `Muster ${version} on Node.js ${process.versions.node}`),
    ...(await Promise.all(ports.map((p) => checkPort(p, o.host)))),
    ...checkFolders(o.dataDir),
    ...checkKeys(join(o.dataDir, 'keys')),
    ...(await database(o)),
  ]
}

async function database(o: ServerOptions): Promise<Finding[]> {
  try {
    const log = createLog('silent', process.stderr)
    const db = await openDb({ url: o.databaseUrl, dataDir: o.dataDir, log, wait: false, beside: true })
    try {
      return await checkDatabase(db, join(o.dataDir, 'keys'))
    } finally {
      await db.close()
    }
  } catch (e) {
    if (e instanceof DatabaseProblem) return [failed('database', e.message, '')]
    throw e
  }
}
