/** The examination: each check by itself, so that one that fails hides no other. */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
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
  const isToCome = o.databaseUrl === undefined && !existsSync(join(o.dataDir, 'postgres'))
  // One of our own that is not there yet is tried elsewhere: it is made by the server's start, as the server's user.
  const elsewhere = isToCome ? trialFolder() : undefined
  try {
    const log = createLog('silent', process.stderr)
    const dataDir = elsewhere ?? o.dataDir
    const db = await openDb({ url: o.databaseUrl, dataDir, log, wait: false, beside: true })
    try {
      return await checkDatabase(db, join(o.dataDir, 'keys'))
    } finally {
      await db.close()
    }
  } catch (e) {
    if (e instanceof DatabaseProblem) return [failed('database', e.message, '')]
    throw e
  } finally {
    if (elsewhere !== undefined) rmSync(elsewhere, { recursive: true, force: true })
  }
}

function trialFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'muster-doctor-'))
  // PostgreSQL never runs as root: its own user must be able to pass through.
  chmodSync(folder, 0o711)
  return folder
}
