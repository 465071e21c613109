/** What an empty installation needs before anybody can use it: a name, and one administrator. */
import { randomBytes } from 'node:crypto'
import { isProblem, Problem } from '@muster/contract'
import { type Core, system } from '@muster/core'

/** Takes the name at the first start; what an administrator saved later stands. */
export async function nameOrganisation(core: Core, name: string | undefined): Promise<void> {
  if (name === undefined) return
  await core.configuration.start()
  if (core.configuration.get('organisation').revision > 0) return
  await unlessOthersDid(
    () => core.configuration.put('organisation', { name }, { revision: 0, actor: system.actor }),
    'revision-mismatch',
  )
}

const firstAdministrator = 'admin'

/** Makes the user `admin` while there is no user at all. Answers the password when it was generated here. */
export async function ensureAdministrator(core: Core, password: string | undefined): Promise<string | undefined> {
  const { users, roles } = core.access
  if ((await users.list({ limit: 1 })).items.length > 0) return undefined
  const role = (await roles.list()).find((r) => r.name === 'administrator')
  if (!role) throw new Problem('internal-error', { missing: 'administrator' })
  const given = password ?? randomBytes(15).toString('base64url')
  const made = await unlessOthersDid(
    () =>
      users.create(
        { name: firstAdministrator, displayName: 'Administrator', password: given, roles: [{ role: role.id }] },
        system,
      ),
    'already-exists',
  )
  return made && password === undefined ? given : undefined
}

/** Two nodes may start at once: the one that comes second finds it done. */
async function unlessOthersDid<T>(work: () => Promise<T>, done: Problem['code']): Promise<T | undefined> {
  try {
    return await work()
  } catch (e) {
    if (isProblem(e) && e.code === done) return undefined
    throw e
  }
}
