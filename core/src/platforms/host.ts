/** What a plugin is given: the core's services, narrowed to its own platform. */
import { createHash, randomInt } from 'node:crypto'
import { type Channel, type ChannelDetail, type PlatformHost, Problem, type Turn } from '@muster/contract'
import type { Clock } from '../clock/index.ts'
import { gather } from '../db/index.ts'
import { checkFacts, identifiersOf, type KnownChannel, openChannels, readDetails } from '../devices/index.ts'
import { putEscrow, readOwnEscrow } from '../escrow/index.ts'
import type { InstalledPlatform } from '../registry/index.ts'
import { alertOnce } from './alert.ts'
import type { PlatformsDeps } from './deps.ts'
import { countDevices, createFind } from './find.ts'
import { createFetch } from './outbound.ts'
import { createPeople } from './people.ts'
import { pluginSql } from './schema.ts'

/** Every answer about a channel is checked to be this platform's own: a plugin never touches another's devices. */
export function createHost(o: PlatformsDeps & { clock: Clock }, installed: InstalledPlatform): PlatformHost {
  const { id } = installed.platform
  const { db, devices, enrollment, operations } = o
  const log = {
    info: (x: object, m: string) => o.log.info({ platform: id, ...x }, m),
    warn: (x: object, m: string) => o.log.warn({ platform: id, ...x }, m),
  }

  /** Reports come in crowds, and each begins with its channel's detail. */
  const details = gather((nos: number[]) => devices.glances.during(() => readDetails(db, nos)))

  /** Looked up by its number, whatever else the plugin says of it; in memory while it is cached. */
  async function known(c: Channel): Promise<KnownChannel> {
    return own(await devices.identity.channel(c.no))
  }
  function own(k: KnownChannel | undefined): KnownChannel {
    if (!k) throw new Problem('device-gone')
    if (k.platform !== id) throw new Problem('foreign-device')
    return k
  }
  async function open(c: Channel): Promise<KnownChannel> {
    const k = await known(c)
    if (k.lifecycle === 'removed') throw new Problem('device-gone')
    return k
  }
  const host: PlatformHost = {
    identify: async (proof, fresh) => {
      const c = await devices.identity.identify(proof, fresh)
      return 'refused' in c || c.platform === id ? c : { refused: 'foreign' }
    },
    detail: async (c) => {
      const d: ChannelDetail | undefined = await details((await known(c)).no)
      if (!d) throw new Problem('device-gone')
      return d
    },
    organisation: async () => o.organisation(),
    server: () => o.server(),
    invitation: async (code, language) => {
      const terms = await enrollment.look(code, language)
      if (terms.platform !== id) throw new Problem('invitation-platform', { platform: terms.platform })
      return terms
    },
    begin: async (by, facts, channel, proven) => {
      checkFacts(facts)
      const before = typeof by === 'string' ? undefined : devices.identity.remembered(by)
      const begun = await enrollment.begin({
        ...(typeof by === 'string' ? { code: by } : by),
        platform: id,
        facts,
        identifiers: identifiersOf(facts) as never,
        proven,
        channel,
      })
      // Its next message may come before the word of its own change does. What is not remembered need not be forgotten.
      if (before && before.no !== begun.channel.no) devices.identity.forget([before.no])
      return begun.channel
    },
    terms: async (c) => enrollment.terms((await known(c)).no),
    channel: async (of, name, facts) => {
      checkFacts(facts)
      return enrollment.addChannel((await known(of)).no, name, facts)
    },
    channels: async (of) => openChannels(db, (await open(of)).no),
    key: async (c, key) =>
      enrollment.bindCredential(db, {
        channel: (await open(c)).no,
        kind: 'key',
        hash: createHash('sha256').update(key).digest(),
      }),
    activate: async (c, facts, accepted) => {
      checkFacts(facts)
      devices.identity.changed(await enrollment.activate({ channel: (await known(c)).no, facts, accepted }))
      devices.seen.mark(c.no, 2 * o.pace(id))
      devices.waiting.heard([c.no])
    },
    idle: (proof, take, expectInS, again) => {
      const c = devices.identity.remembered(proof)
      if (c?.platform !== id || !(c.lifecycle === 'active' || c.lifecycle === 'disenrolling')) return undefined
      const expected = expectInS(c)
      return expected !== undefined && operations.idle(c, take, expected, again) ? c : undefined
    },
    short: (proof, ask, done) => {
      const c = devices.identity.remembered(proof)
      if (c?.platform !== id || !(c.lifecycle === 'active' || c.lifecycle === 'disenrolling')) return false
      const turn = ask(c)
      return turn !== undefined && operations.short(c, turn, done)
    },
    turn: async (c, t) => {
      if (o.pressed?.() && onlyTells(t)) throw new Problem('overloaded', { retryAfterS: randomInt(5, 30) })
      if (Array.isArray(c)) return operations.turn(await Promise.all(c.map(known)), t)
      const k = devices.identity.known((c as Channel).no)
      return operations.turn([k ? own(k) : await known(c as Channel)], t)
    },
    sentBytes: (c, raw) => {
      const there = devices.identity.known(c.no)
      if (there?.platform === id) return operations.sentBytes(there, raw)
      known(c).then(
        (k) => operations.sentBytes(k, raw),
        (error: unknown) => log.warn({ err: error, channel: c.no }, 'a message that was sent could not be noted'),
      )
    },
    wait: async (c, signal) => {
      if (devices.waiting.quiet((await known(c)).no)) await devices.waiting.wait(c.no, signal)
    },
    pace: () => o.pace(id),
    desired: (set) => o.policies.desired(set),
    errand: async (c, name, payload, collapse) => operations.errand(await open(c), name, payload, collapse),
    gone: async (c, reason) => {
      await enrollment.confirmGone({ channel: (await known(c)).no, reason: reason.code, actor: `device:${c.device}` })
      devices.identity.forget([c.no])
    },
    find: createFind(db, id),
    certificates: {
      issue: async (to, csr) =>
        'code' in to
          ? enrollment.certify(to.code, id, csr, { instead: to.instead, name: to.name })
          : o.certificates.succeed((await open(to)).no, csr),
      own: async (purpose) => o.certificates.own(`${id}:${purpose}`),
      ending: async (withinS, beyond) => {
        const ending = await o.certificates.ending(id, withinS, beyond)
        const heads = await Promise.all(ending.map((e) => devices.identity.channel(e.channel)))
        return ending.flatMap(({ notAfter }, i) => (heads[i] ? [{ channel: heads[i], notAfter }] : []))
      },
      authorities: () => {
        const { issuing, root } = o.certificates.authorities()
        return [issuing.der, root.der]
      },
      revoke: async (c) =>
        void (await o.certificates.revoke({
          channel: (await known(c)).no,
          reason: 'superseded',
          actor: `platform:${id}`,
        })),
    },
    people: createPeople(o, id),
    secrets: {
      put: async (c, name, value) => putEscrow(o, await open(c), name, value),
      get: async (c, name) => readOwnEscrow(o, await open(c), name),
    },
    vault: {
      seal: (place, value) => o.secrets.seal(`platform|${id}|${place}`, value),
      open: (place, sealed) => o.secrets.open(`platform|${id}|${place}`, sealed).toString(),
    },
    count: (by) => countDevices(db, id, by),
    alert: (a) => alertOnce(o, { ...a, type: `${id}.${a.type}` }),
    signingKeys: () => o.signing.publicKeys(),
    sql: pluginSql(db, id),
    fetch: createFetch({ origins: installed.platform.origins?.(installed.settings) ?? [], log }),
    log,
    clock: o.clock,
  }
  return host
}

/** Inventory and news, and no answer to anything we sent: the device keeps it and says it again. */
function onlyTells(t: Turn): boolean {
  return (t.facts !== undefined || (t.events?.length ?? 0) > 0) && !t.said?.length
}
