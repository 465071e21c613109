/** What the tests of access stand on: a real database with events, audit and secrets, and the built-in roles. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { isProblem, type ProblemCode } from '@muster/contract'
import { createAudit } from '../audit/index.ts'
import { createEvents } from '../events/index.ts'
import { openSecrets } from '../secrets/index.ts'
import { silentLog, testDatabase } from '../testing/index.ts'
import { type Access, createAccess } from './access.ts'
import type { AccessDeps } from './deps.ts'
import { corePermissions, type Principal, system } from './permissions.ts'

export const password = 'correct horse battery'

export interface World extends AccessDeps {
  access: Access
  role(name: string): Promise<string>
  /** A user with these roles, and the principal of a fresh session of theirs. */
  user(name: string, roles: string[]): Promise<{ id: string; session: string; principal: Principal }>
  /** Another node: its own caches on the same database. */
  node(): { access: Access; stop(): Promise<void> }
  acts(): Promise<string[]>
  close(): Promise<void>
}

export async function openWorld(): Promise<World> {
  const t = await testDatabase()
  const log = silentLog
  const events = createEvents({ db: t.db, log })
  const secrets = await openSecrets({ db: t.db, keyFile: '', master: randomBytes(32) })
  const deps: AccessDeps = {
    db: t.db,
    log,
    events,
    secrets,
    audit: createAudit({ db: t.db, log, signingKey: generateKeyPairSync('ed25519').privateKey }),
  }
  const access = createAccess(deps)
  await access.ensureBuiltinRoles(corePermissions)
  const role = async (name: string) => {
    const found = (await access.roles.list()).find((r) => r.name === name)
    assert.ok(found, name)
    return found.id
  }
  return {
    ...deps,
    access,
    role,
    user: async (name, roles) => {
      const made = await access.users.create(
        { name, password, roles: await Promise.all(roles.map(async (r) => ({ role: await role(r) }))) },
        system,
      )
      const { session } = await access.signIn(name, password, '192.0.2.1')
      const principal = await access.principalOfSession(session)
      assert.ok(principal)
      return { id: made.id, session, principal }
    },
    node: () => {
      const otherEvents = createEvents({ db: t.db, log })
      const other = createAccess({ ...deps, events: otherEvents })
      other.start()
      return {
        access: other,
        stop: async () => {
          other.stop()
          await otherEvents.close()
        },
      }
    },
    acts: async () =>
      (await t.db.query<{ act: string }>({ text: 'select act from audit order by no' })).map((r) => r.act),
    close: async () => {
      await events.close()
      await secrets.close()
      await t.close()
    },
  }
}

export const problem = (code: ProblemCode) => (e: unknown) => isProblem(e) && e.code === code
