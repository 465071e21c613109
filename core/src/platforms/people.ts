/** People as plugins meet them: who signs in on the way to enrolment, and the invitations that they give themselves. */
import { enrolPermission, isProblem, type NotSignedIn, type People, type Person, Problem } from '@muster/contract'
import { type Access, demand, may, type User } from '../access/index.ts'
import type { Enrollment } from '../enrollment/index.ts'

export interface PeopleDeps {
  access: Pick<Access, 'prove' | 'users' | 'principalNamed'>
  enrollment: Pick<Enrollment, 'invite' | 'licences'>
  organisation(): string
}

/** Who begins an enrolment goes on with it at once. */
const usualS = 3600

export function createPeople(o: PeopleDeps, platform: string): People {
  async function find(id: string): Promise<Person | undefined> {
    const user = await o.access.users.get(id).catch((e: unknown) => {
      if (isProblem(e) && e.code === 'not-found') return undefined
      throw e
    })
    return user && !user.disabled ? personOf(user) : undefined
  }

  async function signIn(name: string, password: string, remote: string): Promise<Person | NotSignedIn> {
    try {
      const person = await find(await o.access.prove(name, password, remote, platform))
      return person ?? { refused: 'wrong-credentials' }
    } catch (e) {
      if (!isProblem(e)) throw e
      if (e.code === 'throttled') return { refused: e.code, retryAfterS: Number(e.extra.retryAfterS) }
      if (e.code === 'wrong-credentials') return { refused: e.code }
      throw e
    }
  }

  async function named(name: string): Promise<Person | undefined> {
    if (!name || name.length > 254 || !name.isWellFormed() || name.includes('\0')) return undefined
    const there = await o.access.users.byName(name)
    if (there) return there.disabled ? undefined : personOf(there)
    if (!name.includes('@')) return undefined
    const { items } = await o.access.users.list({ q: name, limit: 50 })
    const [one, ...others] = items.filter((u) => u.email?.toLowerCase() === name.toLowerCase())
    return one && others.length === 0 && !one.disabled ? personOf(one) : undefined
  }

  return {
    signIn,
    find,
    named,
    terms: async (language) => ({
      organisation: o.organisation(),
      ...(await o.enrollment.licences.shown(platform, language)),
    }),
    mayEnrol: async (by) => {
      const who = await o.access.principalNamed(`user:${by.id}`)
      return who?.user !== undefined && may(who, enrolPermission)
    },
    invite: async (by, ownership, expiresInS = usualS) => {
      const who = await o.access.principalNamed(`user:${by.id}`)
      if (who?.user === undefined) throw new Problem('forbidden', { permission: enrolPermission })
      demand(who, enrolPermission)
      const { code } = await o.enrollment.invite({ platform, ownership, user: who.user, expiresInS, actor: who.actor })
      return code
    },
    admit: async (ownership, expiresInS = usualS) =>
      (await o.enrollment.invite({ platform, ownership, expiresInS, actor: `platform:${platform}` })).code,
  }
}

export function personOf(user: User): Person {
  const { id, name, displayName, email } = user
  return { id, name, displayName: displayName || name, ...(email && { email }) }
}
