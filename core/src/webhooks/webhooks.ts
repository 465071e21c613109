/** Webhooks as administrators keep them: made, changed, paused, replayed; and the work of delivering, for one node at a time. */
import { Problem } from '@muster/contract'
import sql, { empty } from 'sql-template-tag'
import { z } from 'zod'
import { demand, may, type Principal } from '../access/index.ts'
import { raise } from '../alerts/index.ts'
import type { Audit } from '../audit/index.ts'
import { checkInput, type Db, type Log, type Page, pageOf, plainText, readNo, type Tx } from '../db/index.ts'
import type { EventRecord, Events } from '../events/index.ts'
import type { Secrets } from '../secrets/index.ts'
import { createDeliver } from './deliver.ts'
import { openLine, post, type Times } from './line.ts'
import type { Poster } from './poster.ts'
import { newSecret } from './signature.ts'
import { type HookRow, hookColumns } from './store.ts'

/** What an administrator says of a webhook. */
export const webhookSettings = z.strictObject({
  url: plainText(2000, 1),
  description: plainText(500).optional(),
  events: z
    .array(z.string().regex(/^[a-z]+\.[a-z-]+$/, 'is not an event type'))
    .max(100)
    .optional(),
})
export type WebhookInput = z.input<typeof webhookSettings>

export interface WebhookView {
  id: string
  url: string
  description: string
  /** Empty: all. */
  events: string[]
  state: 'active' | 'paused'
  reason: { code: string; text: string } | null
  failingSince: string | null
  lastDeliveredAt: string | null
  createdAt: string
  createdBy: string
  revision: number
}
export interface DeliveryView {
  event: string
  type: string
  state: 'delivered' | 'failing'
  attempts: number
  status: number | null
  error: string | null
  /** Of the last try. */
  ms: number
  at: string
}
export interface WebhooksDeps {
  db: Db
  events: Events
  audit: Audit
  secrets: Secrets
  log: Log
  poster: Poster
  nameOf(p: Principal): string
  principalNamed(name: string): Promise<Principal | undefined>
  visible(batch: readonly EventRecord[], reader: Principal): Promise<EventRecord[]>
  times?: Partial<Times>
}

const most = 100
const oldSecretHours = 24
const usual: Times = { firstWaitMs: 5_000, longestWaitMs: 15 * 60_000, patienceS: 24 * 3_600, limitMs: 10_000 }
const place = (no: number) => `webhook|${no}|secret`

export function createWebhooks(o: WebhooksDeps) {
  const { db } = o
  const times = { ...usual, ...o.times }
  const secretsOf = (h: HookRow) =>
    [h.secret, h.previous].flatMap((s) => (s ? [o.secrets.open(place(h.no), s).toString()] : []))

  const lineDeps = {
    ...o,
    times,
    reader: async (name: string) => {
      const found = await o.principalNamed(name)
      return found && may(found, 'event:read') ? found : undefined
    },
    pause: (hook: HookRow, reason: { code: string; text: string }) => db.tx((tx) => pauseFailing(tx, hook, reason)),
  }
  const deliver = createDeliver({ ...o, open: (hook) => openLine(lineDeps, hook, secretsOf(hook)) })

  async function pauseFailing(tx: Tx, hook: HookRow, reason: { code: string; text: string }): Promise<void> {
    const done = await tx.affected(
      sql`update webhook set state = 'paused', reason = ${JSON.stringify(reason)}::jsonb, revision = revision + 1 where no = ${hook.no} and turn = ${hook.turn} and state = 'active'`,
    )
    if (done === 0) return
    await raise(tx, o.events, [
      {
        type: 'webhook.paused',
        severity: 'warning',
        data: { webhook: String(hook.no), url: new URL(hook.url).origin, reason },
      },
    ])
    await changed(tx, { actor: 'system' }, hook.no, 'pause', { reason })
  }

  async function changed(
    tx: Tx,
    by: { actor: string },
    no: number,
    what: string,
    detail: Parameters<Audit['write']>[1]['detail'] = {},
  ): Promise<void> {
    await o.audit.write(tx, { actor: by.actor, act: `webhook.${what}`, subject: `webhook:${no}`, detail })
    await o.events.emit(tx, 'webhook.changed', { webhook: no, what })
  }

  function checked(input: unknown): z.output<typeof webhookSettings> {
    const read = checkInput(webhookSettings, input)
    const url = URL.canParse(read.url) ? new URL(read.url) : undefined
    if (url?.hash !== '' || url.username !== '' || url.password !== '')
      throw new Problem('invalid-request', {
        errors: [{ path: 'url', message: 'is an https address without user name and fragment' }],
      })
    const reason = o.poster.refusal(url)
    if (reason !== undefined) throw new Problem('webhook-address', { reason })
    return { ...read, url: url.href }
  }

  async function row(no: number): Promise<HookRow> {
    const [found] = await db.query<HookRow>(sql`select ${hookColumns} from webhook where no = ${no}`)
    if (!found) throw new Problem('not-found', { webhook: String(no) })
    return found
  }

  /** The secret is answered this once. */
  async function create(input: unknown, by: Principal): Promise<{ webhook: WebhookView; secret: string }> {
    demand(by, 'event:read')
    const read = checked(input)
    const secret = newSecret()
    const position = await o.events.present()
    const made = await db.tx(async (tx) => {
      const [next] = await tx.query<{ no: number; n: number }>(
        sql`select nextval(pg_get_serial_sequence('webhook', 'no')) as no, (select count(*) from webhook) as n`,
      )
      if (!next || next.n >= most) throw new Problem('too-many', { limit: most })
      const [hook] = await tx.query<HookRow>(sql`
        insert into webhook (no, url, description, events, reader, secret, position, created_by)
        values (${next.no}, ${read.url}, ${read.description ?? ''}, ${read.events ?? []}, ${o.nameOf(by)}, ${o.secrets.seal(place(next.no), secret)}, ${position}, ${by.actor}) returning ${hookColumns}`)
      await changed(tx, by, next.no, 'create', { url: read.url, events: read.events ?? [] })
      return hook as HookRow
    })
    return { webhook: view(made), secret }
  }

  /** Problems: not-found, revision-mismatch, invalid-request, webhook-address. From now on it sees with the eyes of who changed it. */
  async function update(no: number, revision: number, input: unknown, by: Principal): Promise<WebhookView> {
    demand(by, 'event:read')
    const read = checked(input)
    return db.tx(async (tx) => {
      const [hook] = await tx.query<HookRow>(sql`
        update webhook set url = ${read.url}, description = ${read.description ?? ''}, events = ${read.events ?? []}, reader = ${o.nameOf(by)}, revision = revision + 1
        where no = ${no} and revision = ${revision} returning ${hookColumns}`)
      if (!hook) throw await missing(tx, no)
      await changed(tx, by, no, 'change', { url: read.url, events: read.events ?? [] })
      return view(hook)
    })
  }
  async function missing(tx: Tx, no: number): Promise<Problem> {
    const there = await tx.query(sql`select from webhook where no = ${no}`)
    return new Problem(there.length > 0 ? 'revision-mismatch' : 'not-found', { webhook: String(no) })
  }

  async function act(
    no: number,
    by: { actor: string },
    what: string,
    set: ReturnType<typeof sql>,
    when: ReturnType<typeof sql> = sql`true`,
  ): Promise<WebhookView> {
    return db.tx(async (tx) => {
      const [hook] = await tx.query<HookRow>(
        sql`update webhook set ${set}, revision = revision + 1 where no = ${no} and ${when} returning ${hookColumns}`,
      )
      if (!hook)
        throw (await tx.query(sql`select from webhook where no = ${no}`)).length > 0
          ? new Problem('wrong-state')
          : new Problem('not-found', { webhook: String(no) })
      await changed(tx, by, no, what)
      return view(hook)
    })
  }

  /** Goes on where it stopped, or from now on. A place that is no longer kept pauses it again, with the reason. */
  async function resume(no: number, by: Principal, from: 'here' | 'now'): Promise<WebhookView> {
    const moved = from === 'now' ? sql`, position = ${await o.events.present()}, turn = turn + 1` : empty
    return act(
      no,
      by,
      'resume',
      sql`state = 'active', reason = null, failing_since = null ${moved}`,
      sql`state = 'paused'`,
    )
  }

  /** Everything after that event, or since that time, once more and in order. Problems: events-gone, invalid-cursor. */
  async function replay(no: number, by: Principal, from: { after: string } | { since: Date }): Promise<WebhookView> {
    const position = 'after' in from ? from.after : await o.events.since(from.since)
    await o.events.read(position, 1)
    return act(
      no,
      by,
      'replay',
      sql`position = ${position}, turn = turn + 1, state = 'active', reason = null, failing_since = null`,
    )
  }

  async function rotate(no: number, by: Principal): Promise<{ webhook: WebhookView; secret: string }> {
    const secret = newSecret()
    const webhook = await act(
      no,
      by,
      'rotate',
      sql`previous = secret, previous_until = now() + make_interval(hours => ${oldSecretHours}), secret = ${o.secrets.seal(place(no), secret)}`,
    )
    return { webhook, secret }
  }

  async function remove(no: number, by: Principal): Promise<void> {
    await db.tx(async (tx) => {
      if ((await tx.affected(sql`delete from webhook where no = ${no}`)) === 0)
        throw new Problem('not-found', { webhook: String(no) })
      await changed(tx, by, no, 'remove')
    })
  }

  /** One message now, beside the order of events: whether the other side takes it. */
  async function test(no: number): Promise<{ ok: boolean; status: number | null; error: string | null; ms: number }> {
    const hook = await row(no)
    const began = performance.now()
    const ms = () => Math.round(performance.now() - began)
    try {
      const body = JSON.stringify({
        type: 'webhook.test',
        timestamp: new Date().toISOString(),
        data: { webhook: String(no) },
      })
      const { status } = await post(
        { poster: o.poster, times },
        hook.url,
        secretsOf(hook),
        `test_${no}_${Date.now()}`,
        body,
        AbortSignal.timeout(times.limitMs),
      )
      const ok = status >= 200 && status < 300
      return { ok, status, error: ok ? null : `it answered ${status}`, ms: ms() }
    } catch (e) {
      return { ok: false, status: null, error: e instanceof Error ? e.message : String(e), ms: ms() }
    }
  }

  return {
    create,
    update,
    remove,
    rotate,
    resume,
    replay,
    test,
    pause: (no: number, by: Principal) =>
      act(
        no,
        by,
        'pause',
        sql`state = 'paused', reason = ${JSON.stringify({ code: 'administrator', text: 'Paused by an administrator.' })}::jsonb`,
        sql`state = 'active'`,
      ),
    get: async (no: number) => view(await row(no)),
    list: async () => (await db.query<HookRow>(sql`select ${hookColumns} from webhook order by no`)).map(view),
    /** Newest first. */
    deliveries: async (
      no: number,
      f: { state?: DeliveryView['state']; cursor?: string; limit: number },
    ): Promise<Page<DeliveryView>> => {
      await row(no)
      const before = readNo(f.cursor)
      const rows = await db.query<Omit<DeliveryView, 'at'> & { no: number; at: Date }>(sql`
        select no, event, type, state, attempts, status, error, ms, at from webhook_delivery where webhook = ${no}
        ${before === undefined ? empty : sql`and no < ${before}`} ${f.state === undefined ? empty : sql`and state = ${f.state}`} order by no desc limit ${f.limit + 1}`)
      return pageOf(
        rows,
        f.limit,
        ({ no: _, at, ...r }) => ({ ...r, at: at.toISOString() }),
        (r) => [r.no],
      )
    },
    /** Runs until the signal, on one node at a time. */
    deliver,
    /** Forgets deliveries older than so many days. */
    trim: (days: number) =>
      db.affected(sql`delete from webhook_delivery where at < now() - make_interval(days => ${days})`),
  }
}

function view(h: HookRow): WebhookView {
  return {
    id: String(h.no),
    url: h.url,
    description: h.description,
    events: h.events,
    state: h.state,
    reason: h.reason,
    failingSince: h.failing_since?.toISOString() ?? null,
    lastDeliveredAt: h.last_delivered?.toISOString() ?? null,
    createdAt: h.created.toISOString(),
    createdBy: h.created_by,
    revision: h.revision,
  }
}
