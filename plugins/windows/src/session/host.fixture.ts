/** A core of a few lines for the tests of a session: a queue of deliveries, one channel, and everything that was said to it. */
import type {
  Channel,
  ChannelDetail,
  Delivery,
  Json,
  JsonObject,
  Message,
  PlatformHost,
  Reply,
  Route,
  Said,
  Turn,
} from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import type { Accounts, DmAccount } from '../account/index.ts'
import { remembered } from '../features/index.ts'
import { readSyncml, type SyncMessage, type Word, writeSyncml } from '../syncml/index.ts'
import type { Work } from '../wire/index.ts'
import { createManagement } from './index.ts'

export const deviceId = 'A0B1'
const address = 'https://mdm.example/windows/manage'

export interface World {
  readonly said: Said[]
  readonly turns: Turn[]
  readonly escrowed: Record<string, string>
  readonly gone: string[]
  readonly errands: string[]
  facts: JsonObject
  state: Json
  push: Json
  waiting: Delivery[]
  account: DmAccount
  /** What `host.detail` was asked. */
  details: number
  /** Exchanges that took the short way. */
  short: number
  /** What becomes of the next batch of the short way: rolled back, or not written at all. */
  spoilt?: 'undone' | Error
  /** Another node: it remembers nothing. */
  restart(): void
  exchange(m: Partial<SyncMessage> & { body: readonly Word[] }, o?: ExchangeOptions): Promise<SyncMessage>
  raw(
    body: Uint8Array | string,
    o?: ExchangeOptions & { type?: string },
  ): Promise<{ status: number; text: string; body: Uint8Array }>
}
export interface ExchangeOptions {
  certificate?: Uint8Array | 'none'
  query?: string
  wbxml?: boolean
  /** By the short way first. */
  short?: boolean
}

export const certificate = new Uint8Array([1])
export const foreign = new Uint8Array([2])
const channel: Channel = sampleChannel({ platform: 'windows' })

export function world(): World {
  const w = {
    said: [] as Said[],
    turns: [] as Turn[],
    escrowed: {} as Record<string, string>,
    gone: [] as string[],
    errands: [] as string[],
    facts: { 'windows.inventoryAt': '2026-01-01T00:00:00Z' } as JsonObject,
    state: null as Json,
    push: null as Json,
    waiting: [] as Delivery[],
    details: 0,
    short: 0,
    spoilt: undefined as World['spoilt'],
    account: {
      deviceId,
      channel: channel.no,
      key: 'key',
      client: { name: 'muster-7', secret: 'client secret', nonce: Buffer.from('first nonce.....') },
      server: { name: 'Muster', secret: 'server secret', nonce: Buffer.from('other nonce.....') },
    } as DmAccount,
  }
  const detail = (): ChannelDetail => ({ ...(channel as ChannelDetail), facts: w.facts, state: w.state, push: w.push })
  const host = fakeHost(w, detail)
  const accounts = fakeAccounts(w)
  const open = () =>
    createManagement({
      host,
      accounts,
      encode: async (d) =>
        d.kind === 'operation'
          ? { work: d.row.to(d.params, d.channel, d.secrets, d.kept) as unknown as Work }
          : {
              work: (d.kind === 'setting'
                ? d.row.to(d.settings, d.channel, d.secrets, d.kept)
                : { commands: [] }) as unknown as Work,
            },
      read: ({ results }) => ({
        facts: Object.fromEntries(
          results.flatMap((r) => (r.uri.startsWith('./DevInfo/') ? [[r.uri.slice(10), r.data]] : [])),
        ),
      }),
      owned: {
        fact: 'windows.owned',
        after: (_before, d, work) => ({
          [d.feature]: work.commands.filter((c) => c.verb === 'Replace').map((c) => c.uri),
        }),
      },
      kept: remembered,
      escrow: (uri) => (uri.endsWith('/Secret') ? 'secret' : undefined),
      repeatable: (operation) => operation !== 'once',
      // Of the operation whose name begins so, more is looked at than the operation.
      rows: {
        work: (d) =>
          d.kind === 'operation' && !d.operation.startsWith('deep')
            ? (d.row.to(d.params, d.channel, d.secrets, d.kept) as unknown as Work)
            : undefined,
        reader: () => (reply) => ({ state: 'completed', result: reply }),
      },
      alert: (a) =>
        a.code === 1226 && a.items[0]?.source === './Later' ? { ref: 'later', state: 'completed' } : undefined,
      inventoryFact: 'windows.inventoryAt',
    })
  let management = open()
  const raw: World['raw'] = async (body, o = {}) => {
    const type =
      o.type ?? (o.wbxml ? 'application/vnd.syncml.dm+wbxml' : 'application/vnd.syncml.dm+xml; charset=utf-8')
    const [route] = management.routes
    const message = {
      method: 'POST',
      path: '/manage',
      query: o.query ?? 'mode=Maintenance&Platform=WoA',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? Buffer.from(body) : body,
      ...(o.certificate !== 'none' && { certificate: o.certificate ?? certificate }),
      remote: '127.0.0.1',
      signal: new AbortController().signal,
    }
    const reply = (o.short && (await byShortWay(route!, message))) || (await route!.handle(message))
    const bytes = typeof reply.body === 'string' ? Buffer.from(reply.body) : (reply.body ?? new Uint8Array())
    return { status: reply.status, text: Buffer.from(bytes).toString(), body: bytes }
  }
  return Object.assign(w, {
    restart: () => {
      management = open()
    },
    raw,
    exchange: async (m: Partial<SyncMessage> & { body: readonly Word[] }, o: ExchangeOptions = {}) => {
      const whole = { session: '1', message: '1', target: address, source: deviceId, final: true, ...m }
      const reply = await raw(writeSyncml(whole, o.wbxml ?? false), o)
      if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`)
      return readSyncml(reply.body, o.wbxml ?? false)
    },
  })
}

function fakeHost(
  w: Pick<
    World,
    | 'said'
    | 'turns'
    | 'escrowed'
    | 'gone'
    | 'errands'
    | 'facts'
    | 'state'
    | 'push'
    | 'waiting'
    | 'details'
    | 'short'
    | 'spoilt'
  >,
  detail: () => ChannelDetail,
): PlatformHost {
  const sealed = new Map<string, string>()
  const host: Partial<PlatformHost> = {
    identify: async (proof) => {
      if ('certificate' in proof)
        return proof.certificate[0] === 1 ? channel : { refused: proof.certificate[0] === 3 ? 'gone' : 'unknown' }
      return 'key' in proof && proof.key === 'key' ? channel : { refused: 'unknown' }
    },
    detail: async () => {
      w.details += 1
      return detail()
    },
    server: () => ({ url: 'https://mdm.example', trust: [] }),
    idle: (proof, _take, expectInS) => {
      if (!('certificate' in proof) || proof.certificate[0] !== 1 || w.waiting.length > 0) return undefined
      if (expectInS(channel) === undefined) return undefined
      w.short += 1
      return channel
    },
    short: (proof, ask, done) => {
      if (!('certificate' in proof) || proof.certificate[0] !== 1) return false
      const turn = ask(channel)
      const row = operation('o0-0', 'any', { commands: [] })
      const word = turn?.id !== undefined && row.kind === 'operation' ? turn.word?.(row.row) : undefined
      if (!turn || (turn.id === undefined ? w.waiting.length === 0 : !word)) return false
      w.short += 1
      setImmediate(() => {
        const { spoilt } = w
        w.spoilt = undefined
        if (spoilt) return done(undefined, spoilt === 'undone' ? undefined : spoilt)
        if (turn.id !== undefined && word) w.said.push({ id: turn.id, reply: JSON.parse(word.result ?? 'null') })
        done(w.waiting.splice(0, turn.take).map((d) => ({ ...d, channel: detail() })))
      })
      return true
    },
    turn: async (_c, t) => {
      w.turns.push(t)
      w.said.push(...(t.said ?? []))
      if (t.facts) w.facts = { ...w.facts, ...t.facts }
      if (t.state !== undefined) w.state = t.state
      if (t.push !== undefined) w.push = t.push
      return w.waiting.splice(0, t.take).map((d) => ({ ...d, channel: detail() }))
    },
    sentBytes: () => undefined,
    errand: async (_c, name) => void w.errands.push(name),
    gone: async (_c, reason) => void w.gone.push(reason.code),
    secrets: {
      put: async (_c, name, value) => {
        w.escrowed[name] = value
      },
      get: async () => undefined,
    },
    vault: {
      seal: (place, value) => {
        sealed.set(`${place} ${value.length}`, value)
        return Buffer.from(`${place} ${value.length}`)
      },
      open: (_place, key) => sealed.get(Buffer.from(key).toString()) ?? 'null',
    },
    sql: async () => [],
    log: { info: () => undefined, warn: () => undefined },
  }
  return host as PlatformHost
}

/** As the lane does it. */
function byShortWay(route: Route, message: Message): Promise<Reply | undefined> {
  const known = route.now?.(message)
  if (known) return Promise.resolve(known)
  return new Promise((resolve, reject) => {
    const taken = route.soon?.(message, (reply, error) => (error === undefined ? resolve(reply) : reject(error)))
    if (!taken) resolve(undefined)
  })
}

function fakeAccounts(w: { account: DmAccount }): Accounts {
  return {
    create: async () => w.account,
    ofChannel: (no) => (no === w.account.channel ? w.account : undefined),
    find: async (id, name) =>
      id === deviceId && (name === undefined || name === w.account.client.name) ? w.account : undefined,
    nonce: async (a, level, next) => {
      if (Buffer.compare(a[level].nonce, w.account[level].nonce) !== 0) return undefined
      w.account = { ...w.account, [level]: { ...w.account[level], nonce: next } }
      return w.account
    },
  }
}

/** An operation that waits: its work, and the reply as it came as its result. */
export function operation(id: string, name: string, work: Work): Delivery {
  const row = {
    channel: 'device' as const,
    examples: [],
    to: () => work as unknown as Json,
    from: () => ({ state: 'completed' as const }),
  }
  const rest = { attempt: 1, deadline: '2027-01-01T00:00:00Z', secrets: {}, channel: channel as ChannelDetail }
  return { id, kind: 'operation', operation: name, row, params: {}, ...rest }
}
export function setting(id: string, feature: string, work: Work): Delivery {
  const row = { channel: 'device' as const, examples: [], to: () => work as unknown as Json }
  const rest = { attempt: 1, deadline: '2027-01-01T00:00:00Z', secrets: {}, channel: channel as ChannelDetail }
  return { id, kind: 'setting', verb: 'put', feature, row, settings: {}, ...rest }
}
