/** Where devices meet us for management: one address, XML or WBXML, each message proven. */
import { type Message, Problem, type Reply, type Route } from '@muster/contract'
import type { Accounts } from '../account/index.ts'
import { readSyncml, type SyncMessage, SyncmlError } from '../syncml/index.ts'
import { leaves } from './alerts.ts'
import { createAnswers } from './answers.ts'
import { createAuthenticate, type Proof } from './authenticate.ts'
import { createDeliveries } from './deliveries.ts'
import { kindOf } from './media-type.ts'
import { createMemory } from './memory.ts'
import { createOrder } from './order.ts'
import type { PlainRows } from './plain-answer.ts'
import { reply } from './reply.ts'
import { createSession, type SessionDeps } from './session.ts'
import { createShort } from './short.ts'
import { createStore } from './store.ts'

/** What the reader of messages takes. */
const bodyBytes = 2 << 20

export interface ManagementDeps extends SessionDeps {
  accounts: Accounts
  rows: PlainRows
}

export function createManagement(deps: ManagementDeps) {
  const { host, accounts } = deps
  const memory = createMemory()
  const store = createStore(host)
  const order = createOrder()
  const { session, handed } = createSession({
    deps,
    memory,
    store,
    order,
    answers: createAnswers(deps),
    prepare: createDeliveries(deps),
  })
  const prove = createAuthenticate({
    host,
    accounts,
    talkOf: async (c, id) => {
      const last = memory.last(c.no)
      return last?.session === id ? last.talk : store.load(await host.detail(c))
    },
  })

  async function handle(r: Message): Promise<Reply> {
    const kind = kindOf(r.headers['content-type'])
    if (kind === undefined) return refused(415, 'Management speaks SyncML: application/vnd.syncml.dm+xml or +wbxml.')
    const m = read(r, kind === 'wbxml')
    if (!m) return refused(400, 'This is no message of OMA DM.')
    const proof = await prove(r, m)
    if ('refused' in proof) return strange(m, proof.refused, kind === 'wbxml')
    if (!('channel' in proof)) return challenge(m, proof, kind === 'wbxml')
    return session(m, r.body, proof, kind === 'wbxml')
  }

  async function guarded(r: Message): Promise<Reply> {
    try {
      return await handle(r)
    } catch (e) {
      if (!(e instanceof Problem) || e.status === 429 || e.status >= 500) throw e
      host.log.info({ code: e.code }, 'a message was refused')
      return refused(e.code === 'device-gone' ? 403 : 400, e.message)
    }
  }

  function read(r: Message, wbxml: boolean): SyncMessage | undefined {
    try {
      return readSyncml(r.body, wbxml)
    } catch (e) {
      if (!(e instanceof SyncmlError)) throw e
      host.log.info({ why: e.message }, 'a message was refused')
      return undefined
    }
  }

  const route: Route = {
    method: 'POST',
    path: '/manage',
    maxBytes: bodyBytes,
    access: { device: true },
    handle: guarded,
    ...createShort({ deps, accounts, memory, order, handed }),
  }
  return {
    routes: [route] as readonly Route[],
    jobs: [{ name: 'talks', everyS: 3600, run: () => store.sweep() }] as const,
  }
}

function refused(status: number, text: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` }
}

/** Nothing of it was done; the device says it again with its digest. */
function challenge(m: SyncMessage, p: Extract<Proof, { code: 401 | 407 }>, wbxml: boolean): Reply {
  const statuses = { m, header: p.code, challenge: p.challenge, parts: new Map<string, number>(), all: p.code }
  return reply.bytes(reply.write({ m, statuses, words: [], final: true }, wbxml), wbxml)
}

/** Who leaves after we let it go hears that it is well; everybody else is not ours. */
function strange(m: SyncMessage, why: 'gone' | 'foreign', wbxml: boolean): Reply {
  const farewell = why === 'gone' && m.body.some((w) => w.kind === 'alert' && leaves(w))
  if (!farewell)
    return refused(403, why === 'gone' ? 'This enrolment has ended.' : 'This identity belongs to another device.')
  const statuses = { m, header: 200, parts: new Map<string, number>() }
  return reply.bytes(reply.write({ m, statuses, words: [], final: true }, wbxml), wbxml)
}
